/** Rewriting of a log by somebody who computes all that follows again. */
import { type BuiltLog, build, event, type SealSpec, write } from "../audit-builder.ts";
import type { FakeTpmState } from "../fake-tpm.ts";
import { logSpec, tpmAtFirst } from "./logs.ts";

interface Rewrite {
  payloads?: string[];
  seals?: SealSpec[];
  tpm?: FakeTpmState;
  /** What of the old log's files is kept. */
  keep?: string[];
}

/** @returns the log as it would have been with other events. */
export function rewrite(directory: string, log: BuiltLog, rewritten: Rewrite): BuiltLog {
  const { payloads = log.payloads, seals: sealSpecs = log.spec.seals } = rewritten;
  const spec = { ...logSpec(payloads, sealSpecs), tpm: rewritten.tpm ?? tpmAtFirst };
  const made = build(spec);
  const files = new Map(made.files);
  for (const [path, bytes] of log.files) {
    if (rewritten.keep?.some((prefix) => path.startsWith(prefix))) files.set(path, bytes);
  }
  write(directory, files);
  return made;
}

/** Checkpoints that lack something of the standard ones. */
export const without = (specs: readonly SealSpec[], ...members: (keyof SealSpec)[]): SealSpec[] =>
  specs.map((one) => {
    const copy = { ...one };
    for (const member of members) delete copy[member];
    return copy;
  });

export function withEvent(log: BuiltLog, index: number, more: Record<string, unknown>): string[] {
  return log.payloads.with(index, event(index, more));
}

/** What somebody wants an event to have told. */
export const forged = { actor: "nobody", object: "vm-other" };
