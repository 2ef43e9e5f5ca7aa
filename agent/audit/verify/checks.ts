/** What each kind of evidence says, in a sentence. */
import type { Findings } from "./findings.ts";
import type { Check, Report } from "./report.ts";
import type { Seals } from "./seals.ts";
import type { Tpms } from "./tpm.ts";
import type { Witnesses } from "./witnesses.ts";

export interface Checked {
  findings: Findings;
  form: Report["form"];
  events: Report["events"];
  seals: Seals;
  witnesses: Witnesses;
  trustedKey: boolean;
  tpms: Tpms;
  /** Checkpoints of events that are not there any more. */
  skipped: number;
  disclosed: { whole: number; replaced: number } | undefined;
}

const failed = { state: "failed", text: "See below." } as const;
const structure = ["structure.segment", "structure.frame", "structure.gap", "structure.torn"];
const checkpoint = [
  "tree.root",
  "checkpoint.form",
  "checkpoint.signature",
  "checkpoint.order",
  "checkpoint.ahead",
  "checkpoint.chain",
];
const tpm = ["form", "signature", "binding", "counter", "clock", "pcr", "ak", "ek"];

export function checksOf(checked: Checked): Check[] {
  const manifest: Check[] = checked.form === "directory" ? [] : [manifestCheck(checked)];
  const events: Check[] =
    checked.disclosed === undefined
      ? [chainCheck(checked), treeCheck(checked)]
      : [proofCheck(checked.disclosed, checked.findings)];
  return [
    ...manifest,
    ...events,
    checkpointCheck(checked),
    tpmCheck(checked),
    witnessCheck(checked),
  ];
}

function manifestCheck({ findings }: Checked): Check {
  const clean = findings.clean("manifest.form", "manifest.signature", "manifest.file");
  const text = "Each file is the one that the log's key signed for.";
  return { name: "manifest", ...(clean ? { state: "ok", text } : failed) };
}

function chainCheck({ findings, events }: Checked): Check {
  const clean = findings.clean(...structure, "chain.link", "entry.form", "tombstone.event");
  const text = `${events.end - events.first} events follow from each other without a gap.`;
  return { name: "chain", ...(clean ? { state: "ok", text } : failed) };
}

function treeCheck({ findings }: Checked): Check {
  const clean = findings.clean("tree.tile", "tree.root");
  const text = "The tree over the events has the roots that are stored and signed.";
  return { name: "tree", ...(clean ? { state: "ok", text } : failed) };
}

function proofCheck({ whole, replaced }: NonNullable<Checked["disclosed"]>, f: Findings): Check {
  const text = `${whole + replaced} events are proved to stand in the log${
    replaced > 0 ? `, ${replaced} of them with personal data replaced on the exporter's word` : ""
  }.`;
  const clean = f.clean("proof.inclusion", "proof.consistency", "entry.form");
  return { name: "proofs", ...(clean ? { state: "ok", text } : failed) };
}

function checkpointCheck({ findings, seals, trustedKey, skipped }: Checked): Check {
  const name = "checkpoints";
  if (!findings.clean(...checkpoint)) return { name, ...failed };
  if (seals.count === 0) return { name, state: "absent", text: "No checkpoint is there." };
  const parts = [`${seals.count} checkpoints fit, the last one of ${seals.lastTime}`];
  if (skipped > 0) parts.push(`${skipped} older ones count only events that are not here`);
  if (!trustedKey) parts.push("their key was taken from the log itself");
  return { name, state: "ok", text: `${parts.join("; ")}.` };
}

function tpmCheck({ findings, tpms }: Checked): Check {
  if (!findings.clean(...tpm.map((code) => `tpm.${code}`))) return { name: "tpm", ...failed };
  if (tpms.seals === 0) {
    return { name: "tpm", state: "absent", text: "No checkpoint is certified by a TPM." };
  }
  const software = findings.count("tpm.software") > 0 ? " A software TPM is among them." : "";
  const text = `${tpms.seals} checkpoints are certified by ${tpms.count === 1 ? "a TPM" : `${tpms.count} TPMs`}.${software}`;
  return { name: "tpm", state: "ok", text };
}

function witnessCheck({ findings, witnesses }: Checked): Check {
  const name = "witnesses";
  if (!findings.clean("witness.signature", "witness.fork")) return { name, ...failed };
  const { largest, count } = witnesses;
  if (largest === undefined) {
    return { name, state: "absent", text: "No known witness signed a checkpoint." };
  }
  const at = new Date(largest.time * 1000).toISOString();
  const text = `${count} signatures; the largest checkpoint that a witness signed counts ${largest.size} events: ${largest.name} at ${at}.`;
  return { name, state: "ok", text };
}
