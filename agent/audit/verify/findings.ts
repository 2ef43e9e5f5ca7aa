/** What a verifier finds, as packaging/doc/audit-format.md lists it. */

export type Evidence =
  | "structure"
  | "chain"
  | "tree"
  | "checkpoint"
  | "tpm"
  | "witness"
  | "manifest";

export interface Finding {
  code: string;
  /** E makes the log bad, W does not. */
  severity: "E" | "W";
  evidence: Evidence;
  /** Path within the log or bundle. */
  file: string;
  /** Byte in that file; in a compressed segment that of the block. */
  offset?: number;
  /** Indexes of the first and last event that it is about. */
  first?: number;
  last?: number;
  /** A sentence. */
  text: string;
}

export type Told = Omit<Finding, "severity" | "evidence">;

/** Codes whose evidence is not named by the part before the dot. */
const evidences: Record<string, Evidence> = {
  "entry.form": "chain",
  "clock.back": "chain",
  "tombstone.event": "chain",
  "tree.root": "checkpoint",
  "key.unknown": "checkpoint",
  "proof.inclusion": "tree",
  "proof.consistency": "tree",
};

const warnings = new Set([
  "clock.back",
  "checkpoint.none",
  "checkpoint.tail",
  "tpm.software",
  "witness.none",
  "key.unknown",
]);

/** How many of one code are told one by one. */
const limit = 50;

export function finding(told: Told, severity?: "E" | "W"): Finding {
  const evidence = evidences[told.code] ?? (told.code.split(".")[0] as Evidence);
  return { ...told, evidence, severity: severity ?? (warnings.has(told.code) ? "W" : "E") };
}

export class Findings {
  readonly #all: Finding[] = [];
  readonly #counts = new Map<string, number>();

  add(told: Told, severity?: "E" | "W"): void {
    this.#keep(finding(told, severity), limit);
  }

  /** For what follows from an earlier one of the code: the first is told, the others counted. */
  once(told: Told): void {
    this.#keep(finding(told), 1);
  }

  /** Takes over what was found elsewhere. */
  take(found: readonly Finding[]): void {
    for (const one of found) this.#keep(one, limit);
  }

  #keep(one: Finding, most: number): void {
    const key = `${one.severity} ${one.code}`;
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    if (count <= most) this.#all.push(one);
  }

  /** Whether none of those codes was found as an error. */
  clean(...codes: string[]): boolean {
    return !codes.some((code) => this.#counts.has(`E ${code}`));
  }

  count(code: string): number {
    return (this.#counts.get(`E ${code}`) ?? 0) + (this.#counts.get(`W ${code}`) ?? 0);
  }

  get intact(): boolean {
    return !this.#all.some(({ severity }) => severity === "E");
  }

  /** Errors first; the last one of a code tells how many more there are. */
  list(): Finding[] {
    const lastOf = new Map(this.#all.map((one) => [`${one.severity} ${one.code}`, one]));
    const told = this.#all.map((one) => {
      const key = `${one.severity} ${one.code}`;
      const kept = this.#all.filter((other) => other.code === one.code).length;
      const more = (this.#counts.get(key) ?? 0) - kept;
      if (more <= 0 || lastOf.get(key) !== one) return one;
      const places = more === 1 ? "one more place" : `${more} more places`;
      return { ...one, text: `${one.text} The same holds in ${places}.` };
    });
    return told.sort((a, b) => (a.severity === b.severity ? 0 : a.severity === "E" ? -1 : 1));
  }
}
