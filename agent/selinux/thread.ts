/**
 * Questions to a policy, each answered by a thread of its own that ends with the answer: what a
 * policy takes in memory is given back, and the agent's loop is not held.
 */
import { Worker } from "node:worker_threads";
import { DsecosError, type ErrorCode } from "../bus/errors.ts";
import type { DenialExplanation } from "./denials/explain.ts";
import type { DenialGroup } from "./denials/groups.ts";
import type { Culprit } from "./labels/culprits.ts";
import type { CompareFilter, Comparison } from "./loads/answers.ts";
import type { Verdict } from "./proof/verdict.ts";
import type { Explanation } from "./proof/why.ts";
import type { Effect } from "./settings/effect.ts";
import type { PolicySettings } from "./settings/policy.ts";

/** Of a policy. */
export interface Identity {
  /** Of the file, in hexadecimal. */
  sha256: string;
  /** Of its rules by their names, in hexadecimal. */
  rules: string;
  /** First and last of each run of neighbours. */
  slots: [number, number][];
}

export interface Questions {
  prove: {
    ask: { trustedBase: readonly string[]; shared: readonly string[] };
    /** With the numbers of the policy's slots, ascending. */
    answer: Verdict & { slots: number[] };
  };
  /** One explanation for each group, in their order, as their mislabelled files are. */
  explain: {
    ask: { groups: readonly DenialGroup[]; mislabelled: readonly (readonly Culprit[])[] };
    answer: DenialExplanation[];
  };
  /** What a policy is, whatever its bytes: hash of its rules, and its slots. */
  identify: { ask: Record<string, never>; answer: Identity };
  /** The other one is the later of the two. */
  compare: {
    ask: { other: string; filter: CompareFilter };
    answer: Omit<Comparison, "before" | "after"> & { rules: [string, string] };
  };
  settings: { ask: Record<string, never>; answer: PolicySettings };
  effect: { ask: { name: string; value: boolean }; answer: Effect };
  why: { ask: { source: string; target: string; class: string }; answer: Explanation };
}

export interface Question<K extends keyof Questions = keyof Questions> {
  kind: K;
  /** File with the policy. */
  policy: string;
  ask: Questions[K]["ask"];
}

export type Reply = { answer: unknown } | { code: ErrorCode; message: string };

/** For V8; the policy's tables are outside of it. */
const limits = { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 16 };

const tooLarge =
  "The answer takes more memory than the agent has for it; ask about less at a time, or on a machine of your own with dsecos selinux prove.";

export const proverProgram = (): URL => new URL("selinux-prover.js", import.meta.url);

/** @throws DsecosError */
export function askPolicy<K extends keyof Questions>(
  question: Question<K>,
  program: URL,
  signal?: AbortSignal,
): Promise<Questions[K]["answer"]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(program, { workerData: question, resourceLimits: limits });
    worker.unref();
    worker.on("message", (reply: Reply) => {
      if ("answer" in reply) resolve(reply.answer as Questions[K]["answer"]);
      else reject(new DsecosError(reply.code, reply.message));
    });
    worker.on("error", (error: NodeJS.ErrnoException) => {
      const full = error.code === "ERR_WORKER_OUT_OF_MEMORY";
      reject(full ? new DsecosError("Unavailable", tooLarge, { cause: error }) : error);
    });
    worker.on("exit", () => reject(new Error("the thread that reads the policy broke off")));
    signal?.addEventListener("abort", () => {
      void worker.terminate();
      reject(new DsecosError("Conflict", "It was cancelled."));
    });
  });
}
