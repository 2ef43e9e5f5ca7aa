/** Tampering with checkpoints: their order, their roots, and who signed them. */
import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, checkpoint, jcs, treeRoot, write } from "../audit-builder.ts";
import { lines, seal } from "./change.ts";
import { logSpec, seals } from "./logs.ts";
import { forged, withEvent } from "./rewrite.ts";
import type { Tampering } from "./tampering.ts";

export const ofCheckpoints: readonly Tampering[] = [
  {
    name: "a checkpoint is taken out of the seals",
    mutate: (directory) => lines(directory, (all) => all.toSpliced(3, 1)),
    alone: [],
    trusting: [],
  },
  {
    name: "all checkpoints are removed",
    mutate: (directory) => {
      rmSync(join(directory, "seals"), { recursive: true });
      rmSync(join(directory, "checkpoint"));
    },
    alone: [],
    trusting: [],
  },
  {
    name: "the root of a checkpoint is changed",
    mutate: (directory) =>
      seal(directory, 3, (line) => {
        const [origin, size, , ...rest] = line.checkpoint.split("\n");
        const root = treeRoot([Buffer.alloc(32)]).toString("base64");
        line.checkpoint = [origin, size, root, ...rest].join("\n");
      }),
    alone: ["checkpoint.signature"],
    trusting: ["checkpoint.signature"],
  },
  {
    name: "the chain value of a seal is changed",
    mutate: (directory) =>
      seal(directory, 3, (line) => {
        line.chain = line.chain.replace(/^./, (digit) => (digit === "0" ? "1" : "0"));
      }),
    alone: ["checkpoint.chain"],
    trusting: ["checkpoint.chain"],
  },
  {
    name: "checkpoints change places",
    mutate: (directory) =>
      lines(directory, ([a, b, c, d, ...rest]) => [a, b, d, c, ...rest] as string[]),
    alone: ["checkpoint.order"],
    trusting: ["checkpoint.order"],
  },
  {
    name: "the log's key signs a second root of the same size",
    mutate: (directory, log) => {
      const other = build(logSpec(withEvent(log, 940, forged)));
      lines(directory, (all) => [
        ...all,
        jcs({ ...JSON.parse(all[5] ?? ""), checkpoint: checkpoint(other, 950) }),
      ]);
    },
    alone: ["checkpoint.order"],
    trusting: ["checkpoint.order"],
  },
  {
    name: "a line of seals is no JSON in canonical form",
    mutate: (directory) =>
      lines(directory, (all) => all.with(3, (all[3] ?? "").replace(",", ", "))),
    alone: ["checkpoint.form"],
    trusting: ["checkpoint.form"],
  },
  {
    name: "the whole log is signed by another key, which log.json names",
    mutate: (directory, log) => {
      const made = build({ ...log.spec, seed: "other" });
      write(directory, made.files);
    },
    alone: [],
    trusting: ["checkpoint.signature", "witness.fork"],
  },
  {
    name: "the signature of a witness is changed",
    mutate: (directory, log) =>
      seal(directory, 4, (line) => {
        const at = line.checkpoint.indexOf(log.witness.name) + log.witness.name.length + 40;
        const digit = line.checkpoint[at] === "A" ? "B" : "A";
        line.checkpoint = line.checkpoint.slice(0, at) + digit + line.checkpoint.slice(at + 1);
      }),
    alone: ["witness.signature"],
    trusting: ["witness.signature"],
  },
  {
    name: "the seals end within a line, and something stands behind it",
    mutate: (directory) => {
      const file = join(directory, seals);
      const bytes = readFileSync(file);
      truncateSync(file, bytes.length - 40);
      writeFileSync(
        join(directory, "seals/2026-03-02.jsonl"),
        `${bytes.toString().split("\n")[5]}\n`,
      );
    },
    alone: ["checkpoint.form"],
    trusting: ["checkpoint.form"],
  },
];
