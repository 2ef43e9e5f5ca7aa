/** When lists of what was done and of what is stopped are asked for again. */
import { ceph } from "../../../agent/ceph/contract.ts";
import { listen } from "../../lib/client.ts";

/** A comparison goes on while data moves. */
export const everyMs = 5000;

const whenTold = (told: string) => (changed: () => void) =>
  listen(ceph, "Changed", (what) => (what === told || what === "cluster") && changed());

export const actsChange = whenTold("acts");
export const flagsChange = whenTold("flags");
