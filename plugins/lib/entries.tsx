/** Entries of the audit record as a table. */
import type { AuditEntry } from "../../agent/audit/contract.ts";
import { _, dateTime } from "./i18n.ts";
import { type Column, Table } from "./table.tsx";
import { Tag, type TagColor } from "./tag.tsx";

export const outcomeColors: Record<AuditEntry["outcome"], TagColor> = {
  intent: "grey",
  success: "green",
  failure: "red",
  refused: "orange",
  note: "blue",
};

export function outcomeName(outcome: AuditEntry["outcome"]): string {
  const names = {
    intent: _("begun"),
    success: _("done"),
    failure: _("failed"),
    refused: _("refused"),
    note: _("note"),
  };
  return names[outcome];
}

function Details({ entry }: { entry: AuditEntry }) {
  const details = entry.error ?? (entry.details ? JSON.stringify(entry.details) : "");
  return (
    <span className="ds-details" title={details}>
      {details}
    </span>
  );
}

function columns(): Column<AuditEntry>[] {
  return [
    { key: "time", title: _("When"), render: ({ time }) => dateTime(time) },
    { key: "actor", title: _("Who"), render: ({ actor }) => actor },
    { key: "action", title: _("What"), render: ({ action }) => <code>{action}</code> },
    { key: "object", title: _("Object"), render: ({ object, tenant }) => object ?? tenant ?? "" },
    {
      key: "outcome",
      title: _("Outcome"),
      render: ({ outcome }) => <Tag color={outcomeColors[outcome]}>{outcomeName(outcome)}</Tag>,
    },
    { key: "details", title: _("Details"), render: (entry) => <Details entry={entry} /> },
  ];
}

export function Entries({ rows }: { rows: readonly AuditEntry[] }) {
  return (
    <Table
      label={_("Record")}
      columns={columns()}
      rows={rows}
      keyOf={({ sequence }) => String(sequence)}
    />
  );
}
