/** A binary policy from a file, or the one that the kernel has loaded. */
import { readFileSync, statSync } from "node:fs";
import { DsecosError } from "../bus/errors.ts";
import { loadedPolicy } from "./offline.ts";
import { inTurnSync } from "./one-reader.ts";
import { PolicyError } from "./policydb/error.ts";
import { type Policy, parsePolicy } from "./policydb/policy.ts";

/** Many times what the largest policies have, in bytes. */
const mostBytes = 256 * 1024 * 1024;

/** @throws DsecosError where there is no policy, or where it cannot be read as one */
export function readPolicy(path = loadedPolicy): Policy {
  return readWhole(path).policy;
}

/**
 * The policy with the bytes that it was read from.
 *
 * @throws DsecosError as {@link readPolicy} does
 */
export function readWhole(path: string): { policy: Policy; bytes: Buffer } {
  try {
    const found = statSync(path);
    if (!found.isFile() || found.size > mostBytes) {
      throw new DsecosError("InvalidArgument", `${path} is no file with a policy.`);
    }
    const bytes = inTurnSync(() => readFileSync(path));
    return { policy: parsePolicy(bytes), bytes };
  } catch (error) {
    if (error instanceof PolicyError) {
      throw new DsecosError("InvalidArgument", `${path}: ${error.message}`, { cause: error });
    }
    const { code } = error as NodeJS.ErrnoException;
    const loaded = path === loadedPolicy;
    if (code === "ENOENT" && loaded) {
      const text = "SELinux is not active on this machine; name a policy with --policy FILE.";
      throw new DsecosError("Unavailable", text, { cause: error });
    }
    if (code === "EBUSY") {
      const text =
        "Somebody else is reading the loaded policy, which takes one at a time; try again.";
      throw new DsecosError("Unavailable", text, { cause: error });
    }
    if (code === "ENOENT")
      throw new DsecosError("NotFound", `There is no ${path}.`, { cause: error });
    if (code === "EACCES" || code === "EPERM") {
      throw new DsecosError("Denied", `${path} may not be read by this person.`, { cause: error });
    }
    throw error;
  }
}
