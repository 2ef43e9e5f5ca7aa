/** The newest proof of the loaded policy: made when one is loaded, every hour, and on demand. */
import type { AuditWriter } from "../audit/types.ts";
import { sentenceFor } from "../bus/errors.ts";
import { SingleJob } from "../jobs/single.ts";
import type { JobProgress, Jobs } from "../jobs/types.ts";
import { explain, type Log } from "../log.ts";
import type { Proof } from "./answers.ts";
import { sharedTypes, trustedBase } from "./assumptions.ts";
import { loadedPolicy } from "./offline.ts";
import type { LoadedSlots } from "./policy/slots.ts";
import type { Verdict } from "./proof/verdict.ts";
import { askPolicy, proverProgram } from "./thread.ts";

export const provedAction = "selinux.Proved";
const hourMs = 3_600_000;
/** Violations that are kept; the log takes 16 KiB of details. */
const mostViolations = 20;
const mostBytes = 10_000;

export const neverProved: Proof = {
  state: "never",
  at: "",
  actor: "",
  seconds: 0,
  error: "",
  policy: null,
  counts: null,
  trustedBase: [],
  shared: [],
  permissive: [],
  violations: [],
  total: 0,
};

export interface ProverParts {
  jobs: Jobs;
  audit: AuditWriter;
  log: Log;
  changed: (state: Proof["state"]) => void;
  /** The thread's program; beside the agent's unless told. */
  program?: URL | undefined;
  policy?: string | undefined;
}

interface Asker {
  actor: string;
  uid: number;
  /** Of the job. */
  call?: string;
}

export class Prover {
  readonly #parts: ProverParts;
  #last: Proof = neverProved;
  #slots: LoadedSlots = "unknown";
  #running: Promise<Proof> | undefined;
  readonly #job: SingleJob;
  #hourly: NodeJS.Timeout | undefined;

  constructor(parts: ProverParts) {
    this.#parts = parts;
    this.#job = new SingleJob(parts.jobs);
  }

  get last(): Proof {
    return this.#last;
  }

  /** Of the policy that was read last. */
  get slots(): LoadedSlots {
    return this.#slots;
  }

  /** SELinux is not active, so that there is no policy. */
  off(): void {
    this.end();
    this.#slots = "none";
  }

  /** A policy was loaded, or is there at the start: it is proved now and every hour. */
  begin(): void {
    this.end();
    if (this.#slots === "none") this.#slots = "unknown";
    this.#hourly = setInterval(() => this.#byItself(), hourMs).unref();
    this.#byItself();
  }

  end(): void {
    clearInterval(this.#hourly);
  }

  /** @returns id of the job, the one that runs already if there is one */
  start(kind: string, actor: string, uid: number): string {
    const request = { kind, title: "Prove that tenants are apart", actor, uid };
    return this.#job.start(request, (progress) => this.#asJob(progress, actor, uid));
  }

  async #asJob(progress: JobProgress, actor: string, uid: number): Promise<void> {
    progress.total(1);
    progress.step("Read the loaded policy and follow its rules");
    const proof = await this.prove({ actor, uid, call: progress.id }, progress.signal);
    const wrong = proof.state === "proved" ? undefined : `${proof.total} things speak against it`;
    progress.finished("tenants are apart", wrong);
  }

  #byItself(): void {
    const self = { actor: "agent", uid: process.getuid?.() ?? 0 };
    this.prove(self).catch((error) => {
      this.#parts.log("error", "the loaded policy could not be proved", { error: explain(error) });
    });
  }

  /** Proves the policy as it is loaded now. @throws when it cannot be read, once that is filed */
  async prove(asker: Asker, signal?: AbortSignal): Promise<Proof> {
    // The one before may be about a policy that is not loaded any more.
    await this.#running?.catch(() => {});
    const running = this.#work(asker, signal);
    this.#running = running;
    return await running;
  }

  async #work(asker: Asker, signal?: AbortSignal): Promise<Proof> {
    const { program = proverProgram(), policy = loadedPolicy } = this.#parts;
    const began = performance.now();
    const ask = { trustedBase, shared: sharedTypes };
    const ended = () => ({
      at: new Date().toISOString(),
      actor: asker.actor,
      seconds: Math.round((performance.now() - began) / 100) / 10,
    });
    try {
      const verdict = await askPolicy({ kind: "prove", policy, ask }, program, signal);
      this.#slots = verdict.slots.length === 0 ? "none" : verdict.slots;
      const proof = { ...proofOf(verdict), ...ended() };
      await this.#file(asker, proof);
      return proof;
    } catch (error) {
      if (signal?.aborted !== true) {
        if (this.#slots !== "none") this.#slots = "unknown";
        await this.#file(asker, {
          ...neverProved,
          ...ended(),
          state: "failed",
          error: sentenceFor(error),
        });
      }
      throw error;
    }
  }

  async #file({ actor, uid, call }: Asker, proof: Proof): Promise<void> {
    this.#last = proof;
    this.#parts.changed(proof.state);
    const { state, total, error } = proof;
    await this.#parts.audit.append({
      action: provedAction,
      outcome: state === "proved" ? "success" : "failure",
      ...{ actor, uid, call },
      details: { proof: bounded(proof) },
      ...(state === "proved" ? {} : { error: error || `${total} things speak against it` }),
    });
  }
}

function proofOf(verdict: Verdict): Omit<Proof, "at" | "actor" | "seconds"> {
  const { proved, policy, counts, permissive, violations, total } = verdict;
  return {
    state: proved ? "proved" : "refuted",
    error: "",
    ...{ policy, counts, permissive, total },
    trustedBase: verdict.trustedBase,
    shared: verdict.shared,
    violations: violations.slice(0, mostViolations).map(({ kind, tenants, sentence, path }) => ({
      ...{ kind, tenants, sentence },
      ...(path === undefined ? {} : { path }),
    })),
  };
}

/** With as many of its violations as the log takes. */
function bounded(proof: Proof): Proof {
  const violations: Proof["violations"] = [];
  let bytes = 0;
  for (const { kind, tenants, sentence } of proof.violations) {
    bytes += Buffer.byteLength(sentence) + 100;
    if (bytes > mostBytes) break;
    violations.push({ kind, tenants, sentence });
  }
  return { ...proof, permissive: proof.permissive.slice(0, 20), violations };
}
