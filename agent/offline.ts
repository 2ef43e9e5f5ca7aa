/**
 * What the command line does by itself, without an agent or a bus, in the form of contracts: help,
 * man page and completion are derived from both alike.
 */
import { auditOffline } from "./audit/offline.ts";
import type { Interface } from "./bus/contract.ts";

export const offline: readonly Interface[] = [auditOffline];
