/** What TPMs signed beside checkpoints: from the log's files to the checks of agent/tpm. */
import type { X509Certificate } from "node:crypto";
import { checkEnrolled, TpmChecker, type TpmSeal } from "../../tpm/attest.ts";
import { type Enrolment, parseEnrolment } from "../../tpm/evidence.ts";
import { parseCheckpoint } from "../tlog/checkpoint.ts";
import { type FileRef, readWhole } from "./files.ts";
import type { Findings } from "./findings.ts";
import type { ToldEvent } from "./job.ts";

const mostBytes = 1 << 20;
const enrolmentPath = /^tpm\/([^/]+)\.json$/;

export class Tpms {
  /** Seals that a TPM signed. */
  seals = 0;
  readonly #enrolments: Enrolment[] = [];
  /** Names of enrolments that cannot be read, which is told once. */
  readonly #broken = new Set<string>();
  readonly #checker: TpmChecker;
  readonly #findings: Findings;

  constructor(
    files: ReadonlyMap<string, FileRef>,
    roots: readonly X509Certificate[],
    findings: Findings,
  ) {
    this.#findings = findings;
    for (const ref of files.values()) {
      const [, name] = enrolmentPath.exec(ref.path) ?? [];
      if (name !== undefined) this.#read(name, ref);
    }
    this.#checker = new TpmChecker(this.#enrolments, roots);
    this.#tell({ file: "tpm" });
  }

  get count(): number {
    return this.#enrolments.length;
  }

  #read(name: string, ref: FileRef): void {
    try {
      this.#enrolments.push(parseEnrolment(name, readWhole(ref, mostBytes).toString("utf8")));
    } catch (error) {
      this.#broken.add(name);
      const text = (error as Error).message;
      this.#findings.add({ code: "tpm.form", file: ref.path, text });
    }
  }

  note(seal: TpmSeal, file: string, offset: number): void {
    this.seals++;
    if (this.#broken.has(seal.tpm.ak)) return;
    this.#checker.check(seal);
    const enrolment = this.#enrolments.find(({ name }) => name === seal.tpm.ak);
    if (enrolment !== undefined && enrolment.from >= parseCheckpoint(seal.checkpointText).size) {
      const text = "The checkpoint does not count the enrolment of the TPM that signed beside it.";
      this.#findings.add({ code: "tpm.ak", file, offset, text });
    }
    this.#tell({ file, offset });
  }

  #tell(place: { file: string; offset?: number }): void {
    for (const { code, severity, text } of this.#checker.take()) {
      this.#findings.add({ code, ...place, text }, severity);
    }
  }

  /** @param log events by which it tells of enrolments, the first that is there, and its end */
  checkEvents(log: { told: readonly ToldEvent[]; first: number; end: number }): void {
    for (const enrolment of this.#enrolments) {
      const { from, name } = enrolment;
      // What retention removed cannot be asked for; what came after the end is not there yet.
      if (from < log.first || from >= log.end) continue;
      const event = log.told.find(({ index }) => index === from);
      for (const { code, text } of checkEnrolled(enrolment, event)) {
        this.#findings.add({ code, file: `tpm/${name}.json`, first: from, text });
      }
    }
  }
}
