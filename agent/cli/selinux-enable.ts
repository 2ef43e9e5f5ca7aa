/** `dsecos selinux enable`: checks, then what is to be done, then, with --yes, does it. */
import { DsecosError } from "../bus/errors.ts";
import {
  carryOut,
  checksOf,
  type Stage,
  stepsOf,
  takeBack,
} from "../selinux/activation/activate.ts";
import type { Check } from "../selinux/activation/checks.ts";
import { type Place, thisMachine } from "../selinux/activation/place.ts";
import type { ParsedCall } from "./parse.ts";
import type { Terminal } from "./terminal.ts";
import { harmless } from "./text.ts";

interface EnableOptions {
  enforcing?: boolean;
  undo?: boolean;
}

const after: Record<Stage, string> = {
  enable:
    "Start the node again: it labels all files, starts once more, and records what would be refused without refusing it. When that is what you want, run dsecos selinux enable --enforcing.",
  enforce: "The next start enforces; setenforce 1 does it now.",
  undo: "Start the node again: SELinux is off then.",
};

/** @throws DsecosError; nothing is changed then, or it says what is */
export async function enableSelinux(
  { inputs, common }: ParsedCall,
  terminal: Terminal,
  place: Place = thisMachine,
): Promise<number> {
  const [{ enforcing = false, undo = false } = {}] = inputs as [EnableOptions?];
  if (enforcing && undo)
    throw new DsecosError("InvalidArgument", "--enforcing and --undo speak against each other.");
  if (process.getuid?.() !== 0)
    throw new DsecosError("Denied", "Only root on the node itself can do this.");
  const stage = undo ? "undo" : enforcing ? "enforce" : "enable";
  const checks = await checksOf(stage, place);
  const steps = stepsOf[stage](place);
  const json = common.has("json");
  if (!json) for (const line of checks.flatMap(lines)) terminal.print(harmless(line));
  const failed = checks.filter(({ verdict }) => verdict === "bad");
  if (json && (failed.length > 0 || !common.has("yes"))) report(terminal, checks, false);
  if (failed.length > 0) {
    const titles = failed.map(({ title }) => title).join(", ");
    throw new DsecosError("Conflict", `Nothing was changed. First put this right: ${titles}.`);
  }
  if (!common.has("yes")) {
    if (json) return 0;
    const done = undo ? "would be taken back" : "would be done";
    terminal.print([`This ${done}:`, ...steps.map(({ title }) => `  ${title}`)].join("\n"));
    terminal.print("Run it again with --yes to do it.");
    return 0;
  }
  if (undo) await undoAll(steps.toReversed());
  else await carryOut(steps, (title) => terminal.tell(`${title} …`));
  if (json) report(terminal, checks, true);
  else terminal.print(after[stage]);
  return 0;
}

async function undoAll(steps: Parameters<typeof takeBack>[0]): Promise<void> {
  const left = await takeBack(steps);
  if (left.length > 0) throw new DsecosError("Unavailable", left.join(" "));
}

function report(terminal: Terminal, checks: readonly Check[], done: boolean): void {
  terminal.print(JSON.stringify({ checks, done }, null, 2));
}

function lines({ title, verdict, fact, remedy }: Check): string[] {
  const line = `${verdict.padEnd(8)}${title}: ${fact}`;
  return remedy === undefined ? [line] : [line, `        ${remedy}`];
}
