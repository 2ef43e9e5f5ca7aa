/**
 * What is kept of the firewall on the disk: the rules that were confirmed, which the next start of the
 * machine loads, and the load that waits to be confirmed, so that whoever comes after a crash can end
 * it. Each is one file, whole or not there.
 */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { canonical } from "../../audit/canonical.ts";
import { replaceFile, syncDirectory } from "../../audit/seal/files.ts";
import { readIfThere } from "../../audit/seal/key.ts";
import { DsecosError } from "../../bus/errors.ts";
import { rulesHashSchema } from "./answers.ts";

const personSchema = v.strictObject({ user: v.string(), uid: v.number() });

const confirmedSchema = v.strictObject({
  policy: rulesHashSchema,
  text: v.string(),
  /** As nft listed them right after they were loaded. */
  listing: v.string(),
  by: personSchema,
  at: v.string(),
});

export type Confirmed = v.InferOutput<typeof confirmedSchema>;

const pendingSchema = v.strictObject({
  /**
   * - `loading`: the kernel may have them or not
   * - `loaded`: it has them, and somebody has to confirm them
   * - `confirming`: somebody did, and they are being kept
   */
  stage: v.picklist(["loading", "loaded", "confirming"]),
  policy: rulesHashSchema,
  text: v.string(),
  /** Empty while loading. */
  listing: v.string(),
  /** What was loaded before, as text for nft; empty where nothing was. */
  before: v.string(),
  by: personSchema,
  /** Start of the machine in which they were loaded. */
  boot: v.string(),
  /** Seconds since that start until which they can be confirmed. */
  until: v.number(),
  /** The same for people. */
  untilTime: v.string(),
});

export type Pending = v.InferOutput<typeof pendingSchema>;

export interface KeptRules {
  confirmed(): Promise<Confirmed | undefined>;
  confirm(rules: Confirmed): Promise<void>;
  pending(): Promise<Pending | undefined>;
  wait(pending: Pending): Promise<void>;
  clear(): Promise<void>;
}

/** @param directory where dsecos-firewall.service finds `confirmed.nft` */
export function rulesIn(directory: string): KeptRules {
  const confirmed = join(directory, "confirmed.json");
  const forNextStart = join(directory, "confirmed.nft");
  const pending = join(directory, "pending.json");
  const readAs = async <T>(file: string, schema: v.GenericSchema<unknown, T>, remedy: string) => {
    const text = await readIfThere(file);
    if (text === undefined) return undefined;
    try {
      return v.parse(schema, JSON.parse(text.toString()));
    } catch (cause) {
      throw new DsecosError("Unavailable", `${file} cannot be understood: ${remedy}`, { cause });
    }
  };
  return {
    confirmed: () =>
      readAs(confirmed, confirmedSchema, "remove it, and apply the firewall once more."),
    async confirm(rules) {
      await replaceFile(confirmed, canonical(rules));
      await replaceFile(forNextStart, rules.text);
    },
    pending: () =>
      readAs(pending, pendingSchema, "load the rules that shall be loaded by nft, then remove it."),
    wait: (value) => replaceFile(pending, canonical(value)),
    async clear() {
      await rm(pending, { force: true });
      await syncDirectory(directory).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOENT") throw error;
      });
    },
  };
}

/** Tells one start of the machine from another. */
export async function thisBoot(): Promise<string> {
  return (await readFile("/proc/sys/kernel/random/boot_id", "latin1")).trim();
}
