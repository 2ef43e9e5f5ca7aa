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
  const plain = cut.toWellFormed().replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, escaped);
  return plain.length > 2 * most ? `${plain.slice(0, 2 * most)}…` : plain;
}

/** Characters of details that surely stay under the log's 16 KiB, however they are encoded. */
const mostCharacters = 4_000;
const shortened = 100;

/** Cuts the texts of details that together might be too long for the log, which would drop all. */
export function shorten(details: Record<string, unknown>): void {
  const size = (value: unknown) =>
    typeof value === "string" ? value.length : Array.isArray(value) ? value.join("").length : 8;
  const total = Object.values(details).reduce((sum: number, value) => sum + size(value), 0);
  if (total <= mostCharacters) return;
  const cut = (text: string) =>
    text.length > shortened ? `${text.slice(0, shortened)}…`.toWellFormed() : text;
  for (const [key, value] of Object.entries(details)) {
    // A place in the journal is worth nothing when it is cut.
    if (key === "cursor") continue;
    if (typeof value === "string") details[key] = cut(value);
    else if (Array.isArray(value)) {
      details[key] = value.map((item: unknown) => (typeof item === "string" ? cut(item) : item));
    }
  }
}

const escaped = (character: string) =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
