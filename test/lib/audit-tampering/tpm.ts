/** Tampering with what a TPM signed, and with what is known of the TPM. */
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { BuiltLog } from "../audit-builder.ts";
import { FakeTpm } from "../fake-tpm.ts";
import { change, type SealLine, seal } from "./change.ts";
import { tpmAtFirst } from "./logs.ts";
import type { Tampering } from "./tampering.ts";

export const ofTheTpm: readonly Tampering[] = [
  {
    name: "what the TPM signed for one checkpoint stands at another",
    mutate: (directory, log) => {
      const { tpm }: SealLine = JSON.parse(log.seals[2] ?? "");
      seal(directory, 3, (line) => ({ ...line, ...(tpm && { tpm }) }));
    },
    alone: ["tpm.binding", "tpm.clock", "tpm.counter"],
    trusting: ["tpm.binding", "tpm.clock", "tpm.counter"],
  },
  {
    name: "the TPM's state was set back between two checkpoints",
    mutate: (directory, log) => {
      const tpm = new FakeTpm(tpmAtFirst);
      seal(directory, 4, (line) => ({ ...line, tpm: tpm.certify(textOf(log, 4)) }));
    },
    alone: ["tpm.clock", "tpm.counter"],
    trusting: ["tpm.clock", "tpm.counter"],
  },
  {
    name: "another TPM signs, which was never enrolled",
    mutate: (directory, log) => {
      const tpm = new FakeTpm({ ...tpmAtFirst, seed: "another", counter: 90, clock: 900_000 });
      seal(directory, 4, (line) => ({ ...line, tpm: tpm.certify(textOf(log, 4)) }));
    },
    alone: ["tpm.ak"],
    trusting: ["tpm.ak"],
  },
  {
    name: "the registers beside a quote are changed",
    mutate: (directory) =>
      seal(directory, 4, (line) => {
        if (line.tpm !== undefined) line.tpm.pcrs["7"] = "00".repeat(32);
      }),
    alone: ["tpm.pcr"],
    trusting: ["tpm.pcr"],
  },
  {
    name: "the TPM's signature is changed",
    mutate: (directory) =>
      seal(directory, 4, (line) => {
        if (line.tpm === undefined) return;
        const bytes = Buffer.from(line.tpm.quote.signature, "base64");
        bytes[10] = (bytes[10] ?? 0) ^ 1;
        line.tpm.quote.signature = bytes.toString("base64");
      }),
    alone: ["tpm.signature"],
    trusting: ["tpm.signature"],
  },
  {
    name: "the enrolment of the TPM is removed",
    mutate: (directory) => rmSync(join(directory, "tpm"), { recursive: true }),
    alone: ["tpm.ak"],
    trusting: ["tpm.ak"],
  },
  {
    name: "the enrolment of the TPM says that it is no program",
    mutate: (directory) => {
      const [name = ""] = readdirSync(join(directory, "tpm"));
      change(directory, `tpm/${name}`, (bytes) =>
        Buffer.from(bytes.toString().replace('"software":true', '"software":false')),
      );
    },
    alone: ["tpm.ak"],
    trusting: ["tpm.ak"],
  },
  {
    name: "the enrolment of the TPM names an event that is not there",
    mutate: (directory) => {
      const [name = ""] = readdirSync(join(directory, "tpm"));
      change(directory, `tpm/${name}`, (bytes) =>
        Buffer.from(bytes.toString().replace('"from":3', '"from":5000')),
      );
    },
    alone: ["tpm.ak"],
    trusting: ["tpm.ak"],
  },
];

function textOf(log: BuiltLog, at: number): string {
  const { checkpoint: note }: SealLine = JSON.parse(log.seals[at] ?? "");
  return note.slice(0, note.indexOf("\n\n") + 1);
}
