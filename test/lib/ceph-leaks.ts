/** Ways in which data of a pool may leave its jurisdiction, or may have left it for all that is known. */
import type { Leak } from "./ceph-leaks/acts.ts";
import { copies } from "./ceph-leaks/copies.ts";
import { exits } from "./ceph-leaks/exits.ts";
import { names } from "./ceph-leaks/names.ts";
import { rules } from "./ceph-leaks/rules.ts";
import { trees } from "./ceph-leaks/trees.ts";

export const leaks: readonly Leak[] = [...rules, ...trees, ...copies, ...exits, ...names];
