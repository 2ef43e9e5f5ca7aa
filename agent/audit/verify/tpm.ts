/** What TPMs signed beside checkpoints: from the log's files to the checks of agent/tpm. */
import type { X509Certificate } from "node:crypto";
import { checkEnrolled, checkTpm } from "../../tpm/attest.ts";
import { type Enrolment, parseEnrolment } from "../../tpm/evidence.ts";
import { type FileRef, readWhole } from "./files.ts";
import type { Findings } from "./findings.ts";
import type { ToldEvent } from "./job.ts";
import type { TpmLine } from "./seals.ts";

const mostBytes = 1 << 20;
const enrolmentPath = /^tpm\/([^/]+)\.json$/;

export interface TpmInput {
  files: ReadonlyMap<string, FileRef>;
  seals: readonly TpmLine[];
  roots: readonly X509Certificate[];
  /** Events by which the log tells of enrolments, and the first that is there; not in a disclosed bundle. */
  log: { told: readonly ToldEvent[]; first: number; end: number } | undefined;
}

/** @returns number of TPMs that were enrolled. */
export function checkTpms({ files, seals, roots, log }: TpmInput, findings: Findings): number {
  const enrolments: Enrolment[] = [];
  const broken = new Set<string>();
  for (const ref of files.values()) {
    const [, name] = enrolmentPath.exec(ref.path) ?? [];
    if (name === undefined) continue;
    try {
      enrolments.push(parseEnrolment(name, readWhole(ref, mostBytes).toString("utf8")));
    } catch (error) {
      broken.add(name);
      const text = (error as Error).message;
      findings.add({ code: "tpm.form", file: ref.path, text });
    }
  }
  const lines = new Map(seals.map((seal) => [seal.line, seal]));
  const readable = seals.filter(({ tpm }) => !broken.has(tpm.ak));
  for (const { code, severity, text, seal } of checkTpm(enrolments, readable, roots)) {
    const line = seal === undefined ? undefined : lines.get(seal);
    const place = line === undefined ? { file: "tpm" } : { file: line.file, offset: line.offset };
    findings.add({ code, ...place, text }, severity);
  }
  if (log === undefined) return enrolments.length;
  for (const enrolment of enrolments) {
    // What retention removed cannot be asked for; what came after the end is not there yet.
    if (enrolment.from < log.first || enrolment.from >= log.end) continue;
    const event = log.told.find(({ index }) => index === enrolment.from);
    for (const { code, text } of checkEnrolled(enrolment, event)) {
      findings.add({ code, file: `tpm/${enrolment.name}.json`, first: enrolment.from, text });
    }
  }
  return enrolments.length;
}
