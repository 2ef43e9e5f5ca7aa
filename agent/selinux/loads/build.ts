/** Builds a policy for the tenants that there are, proves it twice, signs it and keeps it. */
import { hash } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { AuditWriter } from "../../audit/types.ts";
import { DsecosError } from "../../bus/errors.ts";
import type { JobProgress } from "../../jobs/types.ts";
import { sharedTypes, trustedBase } from "../assumptions.ts";
import { BudgetError } from "../policy/budget.ts";
import { buildPolicy, installed, type Places, SPARE_SLOTS } from "../policy/build.ts";
import type { Compiled } from "../policy/compile.ts";
import { MOST_TYPE_IDS } from "../policy/names.ts";
import { ProgramError } from "../policy/program.ts";
import { CompileError, NeverallowError } from "../policy/refusal.ts";
import { SlotError } from "../policy/slots.ts";
import { askPolicy } from "../thread.ts";
import type { Statement } from "./answers.ts";
import { inputsOf } from "./inputs.ts";
import { contextsFile, type KeptPolicies, policyFile } from "./kept.ts";
import { openPolicyKey } from "./key.ts";
import type { SlotsInUse } from "./slots-in-use.ts";
import { assumptionsHash, signStatement } from "./statement.ts";

export const builtAction = "selinux.PolicyBuilt";

export interface BuildParts {
  readonly kept: KeptPolicies;
  readonly audit: AuditWriter;
  readonly node: string;
  readonly slotsInUse: () => Promise<SlotsInUse>;
  readonly program: URL;
  /** Where sources and tools are; the installed ones unless told. */
  readonly places?: Places | undefined;
}

export interface Asker {
  readonly user: string;
  readonly uid: number;
}

/**
 * Nothing is kept of a policy of which one of the two proofs fails.
 *
 * @returns SHA-256 of the policy
 * @throws DsecosError in a sentence that names the rule, the slot or the program
 */
export async function build(parts: BuildParts, by: Asker, progress: JobProgress): Promise<string> {
  const { kept, audit } = parts;
  progress.total(3);
  progress.step("Look which slots have tenants or their files");
  const inUse = await parts.slotsInUse();
  const work = await kept.begin();
  try {
    const statement = await told(() => prepare(parts, inUse, work, by, progress));
    progress.step("Sign it");
    const text = signStatement(statement, await openPolicyKey(kept.directory, parts.node));
    await kept.keep(work, statement.policy, text);
    const { policy, rules, slots, typeIds, counts } = statement;
    await audit.append({
      ...{ action: builtAction, outcome: "success", actor: by.user, uid: by.uid },
      ...{ object: policy, call: progress.id, details: { rules, slots, typeIds, counts } },
    });
    progress.finished(`policy ${policy}`);
    return policy;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function prepare(
  { node, program, places = installed }: BuildParts,
  inUse: SlotsInUse,
  work: string,
  by: Asker,
  progress: JobProgress,
): Promise<Omit<Statement, "signer">> {
  progress.step("Compile it; the compiler proves that no tenant reaches another");
  // Taken before and after, so that no source changes in between.
  const inputs = await inputsOf(places);
  const compiled = await buildPolicy({ ...inUse, spare: SPARE_SLOTS }, work, places);
  if (JSON.stringify(await inputsOf(places)) !== JSON.stringify(inputs)) {
    const what = "A source of the policy was changed while it was built; build it again.";
    throw new DsecosError("Conflict", what);
  }
  progress.finished("compiled, and proved by the compiler");
  progress.step("Prove it again with our own reader");
  const proof = await proveFile(join(work, policyFile), compiled, program, progress.signal);
  progress.finished("proved by our own reader");
  const { counts } = proof;
  const contexts = await readFile(join(work, contextsFile));
  return {
    format: "dsecos.org/selinux-policy/1",
    policy: compiled.sha256,
    fileContexts: hash("sha256", contexts, "hex"),
    rules: proof.rules,
    version: 33,
    bytes: compiled.bytes,
    slots: {
      count: compiled.slots,
      ranges: proof.slots,
      tenants: inUse.tenants.length,
      quarantined: inUse.quarantined.length,
    },
    typeIds: { used: counts.typeIds, limit: MOST_TYPE_IDS },
    counts: {
      ...{ types: counts.types, attributes: counts.attributes, allowRules: counts.allowRules },
      ...{ conditionalRules: counts.conditionalRules, typeRules: counts.typeRules },
    },
    proofs: {
      compiler: { proved: true, neverallows: compiled.neverallows },
      reader: { proved: true, assumptions: assumptionsHash() },
    },
    inputs,
    node,
    at: new Date().toISOString(),
    by: { user: by.user, uid: by.uid },
  };
}

/**
 * Our own proof of a file, of which it is made sure that it is the one that is meant.
 *
 * @throws DsecosError with the first thing that speaks against it
 */
export async function proveFile(
  file: string,
  { sha256 }: Pick<Compiled, "sha256">,
  program: URL,
  signal?: AbortSignal,
) {
  const ask = { trustedBase, shared: sharedTypes };
  const verdict = await askPolicy({ kind: "prove", policy: file, ask }, program, signal);
  const identity = await askPolicy({ kind: "identify", policy: file, ask: {} }, program, signal);
  if (verdict.policy.sha256 !== sha256 || identity.sha256 !== sha256) {
    const what = `${file} was changed while it was proved; build the policy again.`;
    throw new DsecosError("Conflict", what);
  }
  if (!verdict.proved) {
    const [first] = verdict.violations;
    const more = verdict.total > 1 ? ` (and ${verdict.total - 1} more)` : "";
    const what = `The policy is not proved, so it is not used: ${first?.sentence}${more}.`;
    throw new DsecosError("Conflict", what);
  }
  return { counts: verdict.counts, rules: identity.rules, slots: identity.slots };
}

/** What the file system said, where that is behind it. */
function causeOf(error: unknown): NodeJS.ErrnoException {
  const { cause, code } = error as NodeJS.ErrnoException;
  return (code === undefined && cause instanceof Error ? cause : error) as NodeJS.ErrnoException;
}

/** @throws DsecosError in the place of what the parts of the build say */
async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { message } = error as Error;
    const sentence = `${message.charAt(0).toUpperCase()}${message.slice(1).replace(/\.$/, "")}.`;
    const refused = [NeverallowError, CompileError, SlotError].some((of) => error instanceof of);
    if (refused) throw new DsecosError("Conflict", sentence, { cause: error });
    if (error instanceof BudgetError)
      throw new DsecosError("QuotaExceeded", sentence, { cause: error });
    const { code, path } = causeOf(error);
    if (error instanceof ProgramError || code === "ENOENT") {
      const where =
        code === "ENOENT"
          ? `${path} is missing: install dsecos-policies and selinux-policy-default.`
          : sentence;
      throw new DsecosError("Unavailable", where, { cause: error });
    }
    if (code === "ENOSPC") {
      const what = "The disk of /var/lib/dsecos is full; make room and build the policy again.";
      throw new DsecosError("Unavailable", what, { cause: error });
    }
    throw error;
  }
}
