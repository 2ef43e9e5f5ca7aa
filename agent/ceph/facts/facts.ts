/** What is known of the cluster, in the thread that has it: taken apart once, when first used. */
import { createHash } from "node:crypto";
import * as v from "valibot";
import { DsecosError } from "../../bus/errors.ts";
import { type FactOf, factSchemas } from "./schemas.ts";
import { type FactName, sources } from "./sources.ts";

interface Kept {
  at: string;
  /** Of the text, which is often the same again: what was made of it stays. */
  digest: string;
  bytes: Uint8Array | undefined;
  raw: unknown;
  value: unknown;
}

export class ClusterFacts {
  readonly #kept = new Map<FactName, Kept>();
  /** Why a fact is not there or is older than it should be, in a sentence. */
  readonly problems: Partial<Record<FactName, string>>;

  constructor(kept?: ClusterFacts, problems: Partial<Record<FactName, string>> = {}) {
    if (kept !== undefined) this.#kept = kept.#kept;
    this.problems = problems;
  }

  /** @param at when it was asked for, as an ISO time */
  put(name: FactName, at: string, bytes: Uint8Array): void {
    const digest = createHash("sha256").update(bytes).digest("base64");
    const before = this.#kept.get(name);
    if (before?.digest === digest) before.at = at;
    else this.#kept.set(name, { at, digest, bytes, raw: undefined, value: undefined });
  }

  /** When the oldest of these was asked for. */
  at(...names: FactName[]): string {
    const times = names.flatMap((name) => this.#kept.get(name)?.at ?? []);
    return times.sort()[0] ?? new Date().toISOString();
  }

  /** As Ceph gave it, JSON that nobody looked at; undefined where it is not known. */
  raw(name: FactName): unknown {
    const kept = this.#kept.get(name);
    if (kept?.bytes === undefined) return kept?.raw;
    const text = new TextDecoder().decode(kept.bytes);
    kept.bytes = undefined;
    kept.raw = JSON.parse(text);
    return kept.raw;
  }

  /** Undefined where it is not known. @throws Unavailable when it is not as it should be */
  get<N extends FactName>(name: N): FactOf<N> | undefined {
    const kept = this.#kept.get(name);
    if (kept === undefined) return undefined;
    if (kept.value === undefined) {
      const result = v.safeParse(factSchemas[name], this.raw(name));
      if (!result.success) {
        const [issue] = result.issues;
        const place = v.getDotPath(issue) ?? "its top level";
        const what = `Ceph's answer to ${sources[name].prefix} is of another form than is known (${place}); its version may be too old or too new for this agent.`;
        throw new DsecosError("Unavailable", what);
      }
      kept.value = result.output;
    }
    return kept.value as FactOf<N>;
  }

  /** @throws Unavailable where it is not known */
  need<N extends FactName>(name: N): FactOf<N> {
    const value = this.get(name);
    if (value !== undefined) return value;
    throw new DsecosError(
      "Unavailable",
      this.problems[name] ?? `Ceph has not answered ${sources[name].prefix} yet; ask again.`,
    );
  }
}
