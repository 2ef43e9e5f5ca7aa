/** Words, and the file, of a month's statement. */
import type { Statement, StatementRow } from "../../../agent/hsm/statement/members.ts";
import { _ } from "../../lib/i18n.ts";
import type { TagColor } from "../../lib/tag.tsx";

export const verdictColors: Record<Statement["verdict"], TagColor> = {
  agrees: "green",
  explained: "orange",
  unexplained: "red",
};

export function verdictName(verdict: Statement["verdict"]): string {
  const names = {
    agrees: _("agrees"),
    explained: _("differs, explained"),
    unexplained: _("differs, unexplained"),
  };
  return names[verdict];
}

export function verdictMeans(verdict: Statement["verdict"]): string {
  const means = {
    agrees: _("What is on record of each key is what the driver’s own counter says."),
    explained: _("Record and counter differ, and each difference has a reason."),
    unexplained: _(
      "Record and counter differ without a reason: somebody used a key past this agent, or the record was changed. Look at it now.",
    ),
  };
  return means[verdict];
}

export function differs({ difference }: StatementRow): boolean {
  return difference !== 0;
}

/** @returns the months that can be asked for, newest first, as 2026-11 */
export function monthsBefore(now: number, count: number): string[] {
  const date = new Date(now);
  return Array.from({ length: count }, (_unused, index) =>
    new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - index, 1))
      .toISOString()
      .slice(0, 7),
  );
}

const columns = [
  "key",
  "version",
  "operation",
  "receipts",
  "counted",
  "failed",
  "difference",
] as const;

/** RFC 4180, for spreadsheets; a cell that begins like a formula is marked as text. */
export function csvOf({ rows }: Pick<Statement, "rows">): string {
  const cell = (value: unknown) => {
    const text = String(value ?? "");
    const safe = typeof value === "string" && /^[=+\-@\t]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const lines = rows.map((row) =>
    [...columns.map((column) => row[column]), row.reason, row.sentence].map(cell).join(","),
  );
  return [[...columns, "reason", "sentence"].join(","), ...lines]
    .map((line) => `${line}\r\n`)
    .join("");
}
