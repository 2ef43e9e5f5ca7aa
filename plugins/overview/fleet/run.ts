/** Does one work at many nodes, a few at a time, and tells how far each is. */
import { toPageError } from "../../lib/errors.ts";
import type { Line } from "../../lib/nodes/line.ts";
import { troubleOf } from "../../lib/nodes/trouble.ts";
import type { Outcome, Work } from "./work.ts";

/** Each node is a login over SSH, and the person's session carries all of them. */
const atOnce = 4;

export type Progress =
  | { state: "waits" }
  | { state: "runs"; done: number; total: number }
  | { state: "left" }
  | { state: "failed"; text: string; commands: string[] }
  | ({ state: "done" } & Outcome);

export interface Run {
  ended: Promise<void>;
  /** Begins at no further node; those that were begun go on. */
  stop: () => void;
}

/** @param told hears of each change at a node */
export function runAt(
  nodes: readonly string[],
  work: Pick<Work, "load">,
  open: (node: string) => Line,
  told: (node: string, progress: Progress) => void,
): Run {
  const left = [...nodes];
  let stopped = false;
  const one = async () => {
    for (let node = left.shift(); node !== undefined; node = left.shift()) {
      told(node, stopped ? { state: "left" } : await at(node, work, open, told));
    }
  };
  const ended = Promise.all(Array.from({ length: atOnce }, one)).then(() => undefined);
  return {
    ended,
    stop: () => {
      stopped = true;
    },
  };
}

async function at(
  node: string,
  work: Pick<Work, "load">,
  open: (node: string) => Line,
  told: (node: string, progress: Progress) => void,
): Promise<Progress> {
  told(node, { state: "runs", done: 0, total: 0 });
  const line = open(node);
  try {
    const outcome = await (await work.load())(line.send, ({ done, total }) =>
      told(node, { state: "runs", done, total }),
    );
    return { state: "done", ...outcome };
  } catch (cause) {
    const error = toPageError(cause);
    const isAway = ["NoNode", "NotRunning", "NoAccess", "Disconnected"].includes(error.code);
    const { text, commands } = isAway
      ? troubleOf(line.problem(), node)
      : { text: error.message, commands: [] };
    return { state: "failed", text, commands };
  } finally {
    line.close();
  }
}
