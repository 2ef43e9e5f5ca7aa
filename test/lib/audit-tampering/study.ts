/** The thirteen ways of tampering of the study behind the log's design. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { checkpoint, event, jcs, type SealSpec, signerKey, timeOf, u } from "../audit-builder.ts";
import { change, flip, frame, lines, rearrange, type SealLine } from "./change.ts";
import { open2, standardSeals, tpmAtFirst } from "./logs.ts";
import { forged, rewrite, withEvent, without } from "./rewrite.ts";
import type { Tampering } from "./tampering.ts";

export const ofTheStudy: readonly Tampering[] = [
  {
    name: "one bit of an event is flipped",
    mutate: (directory) => flip(directory, open2, (bytes) => frame(bytes, 2).at + 80),
    alone: ["chain.link", "tree.root"],
    trusting: ["chain.link", "tree.root", "witness.fork"],
  },
  {
    name: "the log is cut within a frame",
    mutate: (directory) =>
      change(directory, open2, (bytes) => bytes.subarray(0, frame(bytes, 3).end - 100)),
    alone: ["checkpoint.ahead"],
    trusting: ["checkpoint.ahead", "witness.fork"],
  },
  {
    name: "the log is cut at the end of a segment",
    mutate: (directory) => rmSync(join(directory, open2)),
    alone: ["checkpoint.ahead"],
    trusting: ["checkpoint.ahead", "witness.fork"],
  },
  {
    name: "two frames change places",
    mutate: (directory) =>
      rearrange(directory, ([a, b, c, ...rest]) => [a, c, b, ...rest] as Buffer[]),
    alone: ["chain.link", "structure.frame", "tree.root"],
    trusting: ["chain.link", "structure.frame", "tree.root", "witness.fork"],
  },
  {
    name: "an event is replaced and what follows computed again",
    mutate: (directory, log) => {
      const payloads = withEvent(log, 300, forged);
      rewrite(directory, log, { payloads, keep: ["seals/", "checkpoint"] });
    },
    alone: ["checkpoint.chain", "tree.root"],
    trusting: ["checkpoint.chain", "tree.root", "witness.fork"],
  },
  {
    name: "the same, with checkpoints signed by a key that is not the log's",
    mutate: (directory, log) => {
      const payloads = withEvent(log, 300, forged);
      const made = rewrite(directory, log, { payloads });
      const other = { ...made, key: { ...signerKey(made.origin, 1, "thief"), id: made.key.id } };
      lines(directory, () =>
        log.seals.map((line, i) => {
          const old: SealLine = JSON.parse(line);
          const { size } = standardSeals[i] as SealSpec;
          const chain = (made.chains[size] as Buffer).toString("hex");
          return jcs({ ...old, chain, checkpoint: checkpoint(other, size) });
        }),
      );
      change(directory, "checkpoint", () => Buffer.from(checkpoint(other, 950)));
    },
    alone: ["checkpoint.signature", "tpm.binding"],
    trusting: ["checkpoint.signature", "tpm.binding", "witness.fork"],
  },
  {
    name: "the same, with checkpoints signed by the log's key, which was stolen",
    mutate: (directory, log) => {
      const payloads = withEvent(log, 300, forged);
      const specs = without(standardSeals, "witnessedAt", "tpm");
      rewrite(directory, log, { payloads, seals: specs, keep: ["tpm/"] });
      lines(directory, (all) =>
        all.map((line, i) => {
          const { tpm }: SealLine = JSON.parse(log.seals[i] ?? "");
          return jcs({ ...JSON.parse(line), ...(tpm === undefined ? {} : { tpm }) });
        }),
      );
    },
    alone: ["tpm.binding"],
    trusting: ["tpm.binding", "witness.fork"],
  },
  {
    name: "the same, and the TPM is made to sign too",
    mutate: (directory, log) => {
      const payloads = withEvent(log, 300, forged);
      const tpm = { ...tpmAtFirst, counter: 90, clock: 900_000 };
      rewrite(directory, log, { payloads, seals: without(standardSeals, "witnessedAt"), tpm });
    },
    alone: [],
    trusting: ["witness.fork"],
  },
  {
    name: "an older copy of the directory is put back",
    mutate: (directory, log) => {
      const payloads = log.payloads.slice(0, 800);
      rewrite(directory, log, { payloads, seals: standardSeals.slice(0, 4) });
    },
    alone: [],
    trusting: ["witness.fork"],
  },
  {
    name: "an older copy is put back with the TPM's state of then, and goes on",
    mutate: (directory, log) => {
      const payloads = log.payloads.map((text, i) => (i < 800 ? text : event(i, forged)));
      rewrite(directory, log, { payloads, seals: without(standardSeals, "witnessedAt") });
    },
    alone: [],
    trusting: ["witness.fork"],
  },
  {
    name: "a longer fork, signed by the log's key and the TPM",
    mutate: (directory, log) => {
      const longer = Array.from({ length: 1100 }, (_, i) =>
        i < 850 ? (log.payloads[i] as string) : event(i, forged),
      );
      const specs = [...without(standardSeals, "witnessedAt"), { size: 1090, tpm: true }];
      rewrite(directory, log, { payloads: longer, seals: specs });
    },
    alone: [],
    trusting: ["witness.fork"],
  },
  {
    name: "the commit time of a frame is set back",
    mutate: (directory) =>
      change(directory, open2, (bytes) => {
        u((timeOf(600) as number) * 1000, 8).copy(bytes, frame(bytes, 3).at + 24);
      }),
    alone: ["chain.link", "tree.root"],
    trusting: ["chain.link", "tree.root", "witness.fork"],
  },
  {
    name: "an event was never appended: the agent was stopped or a source silenced before",
    mutate: (directory, log) => {
      const payloads = log.payloads.map((text, i) => (i === 960 ? event(990) : text));
      rewrite(directory, log, { payloads });
    },
    alone: [],
    trusting: [],
  },
];
