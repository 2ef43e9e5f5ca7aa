/** The agent's journal: one JSON line per event on standard error, which systemd keeps. */

export type Level = "debug" | "info" | "warning" | "error";

export type Log = (level: Level, message: string, facts?: Record<string, unknown>) => void;

export const journal: Log = (level, message, facts = {}) => {
  const line = JSON.stringify({ level, message, ...facts });
  process.stderr.write(`${line}\n`);
};

/** @returns what an error says, with its causes; for the journal only, never for callers. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `: ${explain(error.cause)}`;
  return `${error.name}: ${error.message}${cause}`;
}
