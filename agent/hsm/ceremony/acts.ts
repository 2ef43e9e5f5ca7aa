/**
 * Acts of ceremonies: what the node does once two people have confirmed a step. Other areas bring
 * their own, by name, with the scripts in which they stand.
 */
import type { Token } from "../parts.ts";
import type { CeremonyOptions, Fact, Script, ScriptStep } from "./answers.ts";

export interface ActContext {
  readonly ceremony: string;
  readonly rehearsal: boolean;
  readonly options: CeremonyOptions;
  /** Who confirmed the step, by login name. */
  readonly people: readonly string[];
  /**
   * True when the act was begun before and nobody knows how far it came: the agent ended, or the
   * driver did not answer. What is there already is then taken for its own.
   */
  readonly again: boolean;
  /** The rehearsal token in a rehearsal; else the script's, made first where it is the node's own. */
  token(): Promise<Token>;
}

export interface CeremonyAct {
  readonly name: string;
  /** Whether those who confirm it must be whom the tenant's rules ask for, as a member would. */
  readonly isRuled?: boolean;
  /**
   * Refuses what must not be begun, before it is on record that the act began. Not asked again when
   * the act itself was broken off.
   */
  prepare?(context: ActContext): Promise<void>;
  /** @returns what was read back from the token, in the order of the step's `reads`. */
  run(context: ActContext): Promise<readonly Fact[]>;
  /**
   * Takes back what a ceremony made that was aborted or a rehearsal. Does nothing where nothing is
   * there, since it may be asked more than once.
   * @returns what became of it, one sentence; empty where there was nothing
   */
  undo?(context: ActContext): Promise<string>;
}

export type ScriptDraft = Omit<Script, "hash" | "steps"> & {
  /** Whose token it is held on, except in a rehearsal. */
  readonly on: "node" | "tenant";
  readonly steps: readonly ScriptStep[];
};

/** The last act of every script; the ceremony carries it out itself. */
export const signAct = "sign the record";
