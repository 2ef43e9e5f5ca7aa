/** The result of a verification, as a document and in words. */
import type { Finding } from "./findings.ts";

export interface Check {
  name: "chain" | "tree" | "checkpoints" | "tpm" | "witnesses" | "manifest" | "proofs";
  state: "ok" | "failed" | "absent";
  text: string;
}

/** Inclusion proof of one event (RFC 6962, 2.1.1). */
export interface EventProof {
  index: number;
  /** Size and root of the tree that it is proved in: that of the newest checkpoint that counts it. */
  size: number;
  root: string;
  /** Base64 of SHA-256(0x00 || entry). */
  leaf: string;
  /** Base64. */
  proof: string[];
  /** Whether that tree is under a signature of the log. */
  signed: boolean;
}

export interface Report {
  /** No error; warnings may be there. */
  intact: boolean;
  form: "directory" | "whole" | "disclosed" | "bundle";
  /** Index of the first event that is there, and the one behind the last. */
  events: { first: number; end: number };
  checkpoints: number;
  findings: Finding[];
  checks: Check[];
  /** Of the event that was asked for, when it is there. */
  proof?: EventProof;
}

export function inWords(report: Report): string {
  const { intact, findings, checks, events, proof } = report;
  const errors = findings.filter(({ severity }) => severity === "E");
  const warnings = findings.filter(({ severity }) => severity === "W");
  const verdict = intact
    ? `Intact, as far as the evidence reaches: ${eventsOf(events)}.`
    : `NOT INTACT: ${errors.length === 1 ? "one thing is" : `${errors.length} things are`} wrong in ${eventsOf(events)}.`;
  return [
    verdict,
    "",
    ...checks.map(({ name, state, text }) => `${signs[state]} ${name.padEnd(12)} ${text}`),
    ...section("Wrong:", errors),
    ...section("To be known:", warnings),
    ...(proof === undefined ? [] : ["", ...proofLines(proof)]),
  ].join("\n");
}

const signs = { ok: "ok     ", failed: "FAILED ", absent: "absent " } as const;

function eventsOf({ first, end }: Report["events"]): string {
  if (end <= first) return "no events";
  return `${end - first} events, sequence ${first + 1} to ${end}`;
}

function section(title: string, findings: readonly Finding[]): string[] {
  return findings.length === 0 ? [] : ["", title, ...findings.map(line)];
}

function line({ code, evidence, file, offset, first, last, text }: Finding): string {
  const place = offset === undefined ? file : `${file} at byte ${offset}`;
  const range = rangeOf(first, last);
  const where = [place, range].filter((part) => part !== "").join(", ");
  return `  ${text}\n    ${code}, shown by the ${evidence}${where === "" ? "" : `; ${where}`}`;
}

function rangeOf(first: number | undefined, last: number | undefined): string {
  if (first === undefined)
    return last === undefined || last < 0 ? "" : `up to sequence ${last + 1}`;
  if (last === undefined || last <= first) return `sequence ${first + 1}`;
  return `sequence ${first + 1} to ${last + 1}`;
}

function proofLines({ index, size, root, leaf, proof, signed }: EventProof): string[] {
  const tree = signed
    ? "the newest signed checkpoint"
    : "the log, which no checkpoint signs so far";
  return [
    `Proof that sequence ${index + 1} stands in ${tree}:`,
    `  leaf ${leaf}`,
    ...proof.map((hash) => `       ${hash}`),
    `  root ${root} of ${size} events`,
  ];
}
