/** What the log's sources have in common. */
import type { AuditEvent } from "../types.ts";

/** Of whom an event tells that the agent did not do itself. */
export type SourceName = "auditd" | "journal" | "incus";

export interface SourceStatus {
  name: SourceName;
  /**
   * `ok`: connected and nothing outstanding; `lagging`: events come late or are being looked for;
   * `alarm`: events were lost, suppressed or cannot be read; `absent`: the engine is not there.
   */
  state: "ok" | "absent" | "lagging" | "alarm";
  /** When the newest event was received; empty when there was none. */
  at: string;
  /** Events since the agent started. */
  received: number;
  suppressed: number;
  /** Events that are known to be missing and could not be found. */
  gaps: number;
  /** A sentence that says what to do. */
  text: string;
}

export interface Source {
  start(): void;
  /** Resolves when nothing more will be appended. */
  stop(): Promise<void>;
  status(): SourceStatus;
}

/** An event of a source; `vital` ones have a budget that floods of others do not touch. */
export interface SourceEvent extends AuditEvent {
  details: Record<string, unknown>;
}

/** Makes values that others wrote fit for the log: no control characters, bounded. */
export function tidy(text: string, most = 1024): string {
  if (text.length <= most && /^[ -~]*$/.test(text)) return text;
  const cut = text.length > most ? `${text.slice(0, most)}…` : text;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is replaced
  return cut.toWellFormed().replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, escaped);
}

const escaped = (character: string) =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
