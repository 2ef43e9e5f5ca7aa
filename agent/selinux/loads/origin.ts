/**
 * Where the loaded policy comes from. The kernel's copy has other bytes than the file that was
 * loaded, so it is known by the hash of its rules.
 */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile } from "../../audit/seal/files.ts";
import type { AuditWriter } from "../../audit/types.ts";
import { DsecosError } from "../../bus/errors.ts";
import type { Identity } from "../thread.ts";
import type { Origin } from "./answers.ts";
import type { Confirmed } from "./confirmed.ts";
import type { KeptPolicies } from "./kept.ts";
import { trustedSigners } from "./key.ts";
import type { Marker } from "./pending.ts";

export const foreignAction = "selinux.ForeignPolicy";

const nothing = { policy: "", confirmUntil: "", by: "" };

export interface OriginParts {
  readonly kept: KeptPolicies;
  readonly signers: string;
  readonly confirmed: Confirmed;
  readonly pending: () => Marker | undefined;
  /** Of the loaded policy; undefined where none is. */
  readonly loaded: () => Promise<Identity | undefined>;
}

export async function originOf(parts: OriginParts): Promise<Origin> {
  const loaded = await parts.loaded();
  if (loaded === undefined) return { origin: "none", ...nothing };
  const marker = parts.pending();
  if (marker?.rules === loaded.rules) {
    const { policy, untilTime, by } = marker;
    return { origin: "pending", policy, confirmUntil: untilTime, by: by.user };
  }
  const confirmed = await parts.confirmed.get();
  if (confirmed?.rules === loaded.rules)
    return { ...nothing, origin: "confirmed", policy: confirmed.policy };
  const policy = await signedWith(parts, loaded.rules);
  if (policy !== undefined) return { ...nothing, origin: "signed", policy };
  return { origin: "unsigned", ...nothing };
}

/** @returns the kept policy with these rules whose signature holds */
async function signedWith(parts: OriginParts, rules: string): Promise<string | undefined> {
  const { kept, signers } = parts;
  const trusted = await trustedSigners(kept.directory, signers);
  for (const policy of await kept.names()) {
    try {
      if ((await kept.statement(policy, trusted)).rules === rules) return policy;
    } catch (error) {
      // It says nothing that counts; the list of policies tells why.
      if (!(error instanceof DsecosError)) throw error;
    }
  }
  return undefined;
}

/**
 * Puts a loaded policy that nobody answers for on record, once for each time that another one is
 * there: the file `foreign` remembers it over restarts.
 */
export async function recordForeign(
  { kept, loaded }: Pick<OriginParts, "kept" | "loaded">,
  { origin }: Origin,
  audit: AuditWriter,
): Promise<void> {
  const file = join(kept.directory, "foreign");
  const identity = await loaded();
  if (origin !== "unsigned" || identity === undefined) {
    await rm(file, { force: true });
    return;
  }
  const { rules, sha256, slots } = identity;
  if ((await textOf(file)) === rules) return;
  await audit.append({
    ...{ action: foreignAction, outcome: "note", actor: "agent", uid: process.getuid?.() ?? 0 },
    object: sha256,
    details: { rules, slots: slots.slice(0, 100) },
    error: "the loaded policy was built and signed by no node that is trusted here",
  });
  await replaceFile(file, rules);
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
