/** Sets a boolean of the running policy between two proofs, and takes it back where one fails. */
import { DsecosError } from "../../bus/errors.ts";
import type { JobProgress } from "../../jobs/types.ts";
import type { Proof } from "../answers.ts";
import type { Effect } from "./effect.ts";
import type { KernelBooleans } from "./kernel.ts";

export interface BooleanParts {
  readonly kernel: KernelBooleans;
  /** Of the policy as it is loaded now. */
  readonly effect: (name: string, value: boolean) => Promise<Effect>;
  /** Proves the policy as it is loaded now. @throws when it cannot be read */
  readonly prove: () => Promise<Proof>;
}

const word = (value: boolean) => (value ? "on" : "off");

/** @throws DsecosError, with what holds afterwards */
export async function setBoolean(
  parts: BooleanParts,
  name: string,
  value: boolean,
  progress: Pick<JobProgress, "step" | "total" | "finished">,
): Promise<void> {
  const { kernel, effect, prove } = parts;
  progress.total(1);
  if ((await stateOf(kernel, name)) === value) {
    progress.finished(`${name} is ${word(value)} already`);
    return;
  }
  await noOthers(kernel, name);
  progress.step("See what it opens");
  const { opens, typeRules } = await effect(name, value);
  const opensSomething = opens.rules > 0 || typeRules > 0;
  progress.step("Prove the policy with either value");
  const before = await prove();
  // What only closes is done even where something else is wrong.
  if (before.state !== "proved" && opensSomething) {
    const message = `The loaded policy is not proved, so that nothing more is opened: ${why(before)} ${name} stays ${word(!value)}.`;
    throw new DsecosError("Conflict", message);
  }
  progress.step(`Turn ${name} ${word(value)}`);
  await change(kernel, name, value);
  progress.step("Prove the policy as it is now");
  const wrong = await proofFails(prove, before);
  if (wrong !== undefined) await takeBack(kernel, name, !value, wrong);
  progress.finished(`${name} is ${word(value)}, until the next start`);
}

/** @throws DsecosError where there is no such boolean */
export async function stateOf(kernel: KernelBooleans, name: string): Promise<boolean> {
  const all = await kernel.all();
  if (all === undefined)
    throw new DsecosError("Unavailable", "SELinux is not active on this machine.");
  const state = all.get(name);
  if (state !== undefined) return state.current;
  throw new DsecosError("NotFound", `The policy has no boolean ${name}; look in the settings.`);
}

/** To commit makes all pending values come true, and nobody has approved those of others. */
async function noOthers(kernel: KernelBooleans, name: string): Promise<void> {
  for (const [other, { current, pending }] of (await kernel.all()) ?? [])
    if (current !== pending && other !== name) {
      const message = `Somebody set ${other} and did not commit it, which would come true with this; set it back first.`;
      throw new DsecosError("Conflict", message);
    }
}

async function change(kernel: KernelBooleans, name: string, value: boolean): Promise<void> {
  try {
    await kernel.set(name, value);
  } catch (cause) {
    const { code = "", message } = cause as NodeJS.ErrnoException;
    const reason = code === "" ? message : code;
    const what = `The kernel did not turn ${name} ${word(value)} (${reason}); look at the journal and at the denials.`;
    throw new DsecosError("Unavailable", what, { cause });
  }
  if ((await stateOf(kernel, name)) === value) return;
  throw new DsecosError("Conflict", `${name} is ${word(!value)} again; somebody else changes it.`);
}

/** @returns why it may not stay; undefined where it may */
async function proofFails(prove: () => Promise<Proof>, before: Proof): Promise<string | undefined> {
  if (before.state !== "proved") return undefined;
  try {
    const after = await prove();
    return after.state === "proved" ? undefined : why(after);
  } catch (error) {
    return `the proof broke off: ${error instanceof DsecosError ? error.message : "an internal error"}`;
  }
}

async function takeBack(
  kernel: KernelBooleans,
  name: string,
  value: boolean,
  wrong: string,
): Promise<never> {
  try {
    await change(kernel, name, value);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `The policy is not proved with it, ${wrong} And ${name} could not be set back: ${reason}`;
    throw new DsecosError("Internal", message, { cause });
  }
  const message = `The policy is not proved with it, so that ${name} was set back to ${word(value)}: ${wrong}`;
  throw new DsecosError("Conflict", message);
}

function why({ violations, total, error }: Proof): string {
  const [first] = violations;
  if (first === undefined) return error || "It was not proved.";
  return total > 1 ? `${first.sentence} (and ${total - 1} more).` : first.sentence;
}
