/** Loads a policy that was built, after everything about it was looked at once more. */
import { join } from "node:path";
import type { AuditWriter } from "../../audit/types.ts";
import { DsecosError } from "../../bus/errors.ts";
import type { JobProgress } from "../../jobs/types.ts";
import { askPolicy } from "../thread.ts";
import { type Asker, proveFile } from "./build.ts";
import type { Confirmed } from "./confirmed.ts";
import { type Kept, policyFile } from "./kept.ts";
import type { Kernel } from "./kernel.ts";
import type { Marker } from "./pending.ts";
import { isWithin } from "./ranges.ts";
import type { SlotsInUse } from "./slots-in-use.ts";
import { confirmedAction, type Trials } from "./trial.ts";
import { refuseWithoutWayBack } from "./way-back.ts";

export interface LoadParts {
  readonly trials: Trials;
  readonly kernel: Kernel;
  readonly confirmed: Confirmed;
  readonly audit: AuditWriter;
  readonly program: URL;
  /** Reads a kept policy, and verifies it. */
  readonly read: (policy: string) => Promise<Kept>;
  readonly install: (kept: Kept) => Promise<void>;
  readonly slotsInUse: () => Promise<SlotsInUse>;
  /** File with the loaded policy. */
  readonly loadedFile: string;
  /** Name of the policy that the next start loads, and of the store that policies are installed in. */
  readonly store: { readonly configured: () => Promise<string>; readonly name: string };
}

/** @throws DsecosError in a sentence; what was loaded before is loaded then */
export async function load(
  parts: LoadParts,
  policy: string,
  confirmSeconds: number,
  by: Asker,
  progress: JobProgress,
): Promise<void> {
  progress.total(4);
  progress.step("Verify its signature and its bytes");
  const kept = await parts.read(policy);
  progress.finished("signature and bytes hold");
  progress.step("Prove it again");
  await proveKept(parts, kept, progress);
  progress.finished("proved again");
  progress.step("Look whether every tenant has its slot in it");
  refuseMissing(kept, await parts.slotsInUse());
  progress.finished("every tenant has its slot");
  if (await parts.kernel.active()) await tryOut(parts, kept, confirmSeconds, by, progress);
  else await installOnly(parts, kept, by, progress);
}

async function proveKept(parts: LoadParts, kept: Kept, progress: JobProgress): Promise<void> {
  const { policy, rules } = kept.statement;
  const file = join(kept.directory, policyFile);
  const proof = await proveFile(file, { sha256: policy }, parts.program, progress.signal);
  if (proof.rules === rules) return;
  const what = "The statement speaks of other rules than the policy has; build the policy again.";
  throw new DsecosError("Conflict", what);
}

function refuseMissing({ statement }: Kept, { tenants, quarantined }: SlotsInUse): void {
  const { ranges } = statement.slots;
  const homeless = tenants.find(({ number }) => !isWithin(number, ranges));
  if (homeless !== undefined) {
    const what = `The policy has no slot ${homeless.number}, which ${homeless.name} has: nothing of it could run. Build a new policy.`;
    throw new DsecosError("Conflict", what);
  }
  const left = quarantined.find((number) => !isWithin(number, ranges));
  if (left === undefined) return;
  const what = `The policy has no slot ${left}, whose storage pool is still there: remove the pool, or build a new policy.`;
  throw new DsecosError("Conflict", what);
}

async function tryOut(
  { trials, program, loadedFile, store }: LoadParts,
  kept: Kept,
  confirmSeconds: number,
  by: Asker,
  progress: JobProgress,
): Promise<void> {
  const configured = await store.configured();
  if (configured !== store.name) {
    const what = `/etc/selinux/config says SELINUXTYPE=${configured}, so the next start would load another policy: run dsecos selinux enable first.`;
    throw new DsecosError("Conflict", what);
  }
  const file = join(kept.directory, policyFile);
  await refuseWithoutWayBack(file, program, progress.signal);
  progress.step("Compare it with the loaded one, and load it");
  const filter = { cursor: "", limit: 1 };
  const { rules, weakens, counts, slots } = await askPolicy(
    {
      kind: "compare",
      policy: loadedFile,
      ask: { other: file, filter },
    },
    program,
    progress.signal,
  );
  if (progress.signal.aborted) throw new DsecosError("Conflict", "It was cancelled.");
  const details = { rules: rules[1], before: rules[0], weakens, counts, slots };
  const call = progress.id;
  const marker = await trials.begin({ kept, by, confirmSeconds, call, details });
  progress.finished(`loaded; ${howToConfirm(marker)}`);
}

function howToConfirm({ by, policy, untilTime }: Marker): string {
  return `${by.user} confirms it until ${untilTime} with dsecos selinux confirm ${policy}, or the policy of before comes back`;
}

async function installOnly(
  { install, confirmed, audit }: LoadParts,
  kept: Kept,
  by: Asker,
  progress: JobProgress,
): Promise<void> {
  progress.step("Install it");
  const { policy, rules } = kept.statement;
  await install(kept);
  await confirmed.set({ policy, rules });
  await audit.append({
    ...{ action: confirmedAction, outcome: "success", actor: by.user, uid: by.uid },
    ...{ object: policy, call: progress.id, details: { rules, selinux: "off" } },
  });
  progress.finished(
    "installed; SELinux is off, so it takes effect after dsecos selinux enable and a restart",
  );
}
