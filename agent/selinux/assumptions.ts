/**
 * What the proof takes for granted, in the open: whoever adds a name weakens what is proved. Names
 * that a policy does not have, or that the proof does not need, are told as such.
 */
import { ENGINE } from "./policy/names.ts";

/** Domains, and attributes of domains, that are trusted to keep tenants apart. */
export const trustedBase: readonly string[] = [
  ENGINE,
  "init_t",
  "kernel_t",
  // Whoever is unconfined on the host is its administrator.
  "unconfined_domain_type",
];

/** Host types that hold nothing of whoever writes to them. */
export const sharedTypes: readonly string[] = [
  "devtty_t",
  "null_device_t",
  "ptmx_t",
  "zero_device_t",
];
