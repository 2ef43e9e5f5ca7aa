/**
 * What the command line does by itself, some of it without an agent or a bus, in the form of
 * contracts: help, man page and completion are derived from both alike.
 */
import { auditFollow } from "./audit/follow.ts";
import { auditOffline } from "./audit/offline.ts";
import type { Interface } from "./bus/contract.ts";
import { cephOffline } from "./ceph/offline.ts";
import { selinuxOffline } from "./selinux/offline.ts";

export const offline: readonly Interface[] = [
  auditOffline,
  auditFollow,
  selinuxOffline,
  cephOffline,
];
