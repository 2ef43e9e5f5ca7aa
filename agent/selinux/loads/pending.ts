/**
 * What is kept of a load until it is confirmed, so that whoever comes after a crash can end it:
 * `pending/marker.json`, and in `pending/before` the policy that was loaded before.
 */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { canonical } from "../../audit/canonical.ts";
import { replaceFile, syncDirectory } from "../../audit/seal/files.ts";
import { readIfThere } from "../../audit/seal/key.ts";
import { DsecosError } from "../../bus/errors.ts";
import { policyHashSchema } from "./answers.ts";

const markerSchema = v.strictObject({
  /**
   * - `loading`: the kernel may have it or not
   * - `loaded`: it has it, and somebody has to confirm it
   * - `confirming`: somebody did, and it is being installed
   */
  stage: v.picklist(["loading", "loaded", "confirming"]),
  policy: policyHashSchema,
  rules: policyHashSchema,
  by: v.strictObject({ user: v.string(), uid: v.number() }),
  /** Start of the machine in which it was loaded. */
  boot: v.string(),
  /** Seconds since that start until which it can be confirmed. */
  until: v.number(),
  /** The same for people. */
  untilTime: v.string(),
});

export type Marker = v.InferOutput<typeof markerSchema>;

export interface PendingFiles {
  read(): Promise<Marker | undefined>;
  write(marker: Marker): Promise<void>;
  saveBefore(policy: Buffer): Promise<void>;
  before(): Promise<Buffer>;
  /** The marker first, since without it nothing is pending. */
  clear(): Promise<void>;
}

export function pendingIn(directory: string): PendingFiles {
  const place = join(directory, "pending");
  const marker = join(place, "marker.json");
  const before = join(place, "before");
  return {
    async read() {
      const text = await readIfThere(marker);
      if (text === undefined) return undefined;
      try {
        return v.parse(markerSchema, JSON.parse(text));
      } catch (cause) {
        const what = `${marker} cannot be understood: load the policy that shall be loaded by hand (load_policy), then remove ${place}`;
        throw new DsecosError("Unavailable", `${what}.`, { cause });
      }
    },
    write: (value) => replaceFile(marker, canonical(value)),
    saveBefore: (policy) => replaceFile(before, policy),
    before: () => readFile(before),
    async clear() {
      for (const file of [marker, before]) {
        await rm(file, { force: true });
        await syncDirectory(place).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== "ENOENT") throw error;
        });
      }
    },
  };
}
