/** Names of cluster members. Imports nothing from node:, since the pages use it too. */
import * as v from "valibot";

/** As Incus takes them: a host name of at most 63 characters. */
export function isMemberName(name: string): boolean {
  return /^[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$/.test(name);
}

export const memberNameSchema = v.pipe(
  v.string(),
  v.check(isMemberName, "A node is named by letters, digits, dots and dashes."),
);
