/** Which acts a key's state allows: the very table that the agent goes by. */
import type { KeyRow } from "../../../agent/hsm/keys/answers.ts";
import { type KeyAct, step } from "../../../agent/hsm/keys/lifecycle.ts";

type Known = Pick<KeyRow, "name" | "state" | "stateBefore">;

/** @returns undefined when it is possible, else why not */
export function whyNot({ name, state, stateBefore }: Known, act: KeyAct): string | undefined {
  const next = step(state, stateBefore, act);
  return "refusal" in next ? `${name} ${next.refusal}` : undefined;
}

/** @returns those of the keys with which the act is possible now */
export function possible<K extends Known>(keys: readonly K[], act: KeyAct): K[] {
  return keys.filter((key) => whyNot(key, act) === undefined);
}

/** In whole days from now, at least 0; undefined for what is not a time. */
export function daysUntil(iso: string | undefined, now: number): number | undefined {
  const at = Date.parse(iso ?? "");
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - now) / 86_400_000));
}
