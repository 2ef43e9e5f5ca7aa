/** Program of the thread that answers one question to a policy. */
import { getPriority, setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { DsecosError } from "../bus/errors.ts";
import { explainDenial } from "./denials/explain.ts";
import { compare } from "./loads/compare.ts";
import { rulesHash } from "./loads/listing.ts";
import { rangesOf } from "./loads/ranges.ts";
import { slotsIn } from "./loads/slot-shapes.ts";
import { slotNumber } from "./policy/names.ts";
import { readWhole } from "./policy-file.ts";
import type { Policy } from "./policydb/policy.ts";
import { prove } from "./proof/prove.ts";
import { slotsOf } from "./proof/tenants.ts";
import { why } from "./proof/why.ts";
import { effectOf } from "./settings/effect.ts";
import { settingsOf } from "./settings/policy.ts";
import type { Question, Reply } from "./thread.ts";

/** Nice value: nobody waits for it but a person. */
const lowPriority = 10;

type Whole = { policy: Policy; bytes: Buffer };

function answer({ kind, ask }: Question, { policy, bytes }: Whole): unknown {
  if (kind === "prove") {
    const { trustedBase, shared } = ask as Question<"prove">["ask"];
    const tenants = slotsOf(policy);
    const slots = [...tenants.tenants.keys()].map(slotNumber).sort((a, b) => a - b);
    return { ...prove(policy, { tenants, trustedBase, shared }), slots };
  }
  if (kind === "explain") {
    const { groups, mislabelled } = ask as Question<"explain">["ask"];
    return groups.map((group, index) => {
      const files = mislabelled[index];
      return explainDenial(group, {
        policy,
        ...(files === undefined ? {} : { mislabelled: files }),
      });
    });
  }
  if (kind === "identify") {
    const slots = rangesOf(slotsIn(policy));
    return { sha256: policy.sha256, rules: rulesHash(policy, bytes), slots };
  }
  if (kind === "compare") {
    const { other, filter } = ask as Question<"compare">["ask"];
    return compare({ policy, bytes }, readWhole(other), filter);
  }
  if (kind === "settings") return settingsOf(policy);
  if (kind === "effect") {
    const { name, value } = ask as Question<"effect">["ask"];
    return effectOf(policy, name, value);
  }
  const { source, target, class: of } = ask as Question<"why">["ask"];
  return why(policy, source, target, of);
}

function reply(question: Question): Reply {
  try {
    return { answer: answer(question, readWhole(question.policy)) };
  } catch (error) {
    if (error instanceof DsecosError) return { code: error.code, message: error.message };
    throw error;
  }
}

function yieldToOthers(): void {
  if (getPriority() >= lowPriority) return;
  try {
    setPriority(lowPriority);
  } catch {
    // Where the sandbox does not let us, it goes on as it is: this only helps others.
  }
}

yieldToOthers();
parentPort?.postMessage(reply(workerData as Question));
