/** What the table of events can show. */
import type { AuditEntry } from "../../agent/audit/contract.ts";
import { outcomeColors, outcomeName } from "../lib/entries.tsx";
import { _, dateTime, format } from "../lib/i18n.ts";
import type { Column } from "../lib/table.tsx";
import { Tag } from "../lib/tag.tsx";
import { inShort } from "./facts.tsx";
import { eventAddress } from "./view.ts";
import { sourceName } from "./words.ts";

/** The one link of a row; `data-event` lets the keys find it. */
function When({ entry }: { entry: AuditEntry }) {
  const { sequence, time } = entry;
  return (
    <a
      className="ds-name"
      data-event={sequence}
      href={eventAddress(sequence)}
      aria-label={format(_("Event $0, $1"), sequence, dateTime(time))}
    >
      {dateTime(time)}
    </a>
  );
}

function InShort({ entry }: { entry: AuditEntry }) {
  const text = entry.error ?? inShort(entry.details ?? {});
  return (
    <span className="ds-details" title={text}>
      {text}
    </span>
  );
}

export function eventColumns(): Column<AuditEntry>[] {
  return [
    { key: "time", title: _("When"), render: (entry) => <When entry={entry} /> },
    { key: "actor", title: _("Who"), render: ({ actor }) => <bdi>{actor}</bdi> },
    { key: "action", title: _("What"), render: ({ action }) => <code>{action}</code> },
    { key: "tenant", title: _("Tenant"), render: ({ tenant }) => tenant },
    { key: "object", title: _("Object"), render: ({ object }) => <bdi>{object}</bdi> },
    {
      key: "outcome",
      title: _("Outcome"),
      render: ({ outcome }) => <Tag color={outcomeColors[outcome]}>{outcomeName(outcome)}</Tag>,
    },
    { key: "source", title: _("Source"), render: ({ source }) => sourceName(source) },
    { key: "details", title: _("Details"), render: (entry) => <InShort entry={entry} /> },
    {
      key: "sequence",
      title: _("Number"),
      optional: true,
      end: true,
      render: ({ sequence }) => sequence,
    },
    { key: "call", title: _("Call"), optional: true, render: ({ call }) => <code>{call}</code> },
    { key: "flow", title: _("Data flow"), optional: true, render: ({ flow }) => flow },
    { key: "address", title: _("Address"), optional: true, render: ({ address }) => address },
  ];
}
