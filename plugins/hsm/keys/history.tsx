/** What became of a key, newest first. */
import type { KeyDetail } from "../../../agent/hsm/keys/answers.ts";
import { _, dateTime } from "../../lib/i18n.ts";
import { Table } from "../../lib/table.tsx";
import { Tag } from "../../lib/tag.tsx";
import { keyColors, keyStateName } from "./words.ts";

type Event = KeyDetail["record"]["history"][number];

export function History({ rows }: { rows: readonly Event[] }) {
  const newestFirst = rows.map((event, index) => ({ ...event, index })).reverse();
  return (
    <section className="ds-stack">
      <h2 className="pf-v6-c-title pf-m-md">{_("History")}</h2>
      <Table
        label={_("History")}
        rows={newestFirst}
        keyOf={({ index }) => String(index)}
        columns={[
          { key: "at", title: _("When"), render: ({ at }) => dateTime(at) },
          { key: "by", title: _("Who"), render: ({ by }) => by },
          {
            key: "state",
            title: _("State"),
            render: ({ state }) => <Tag color={keyColors[state]}>{keyStateName(state)}</Tag>,
          },
          { key: "why", title: _("Why"), wrap: true, render: ({ why }) => why },
        ]}
      />
    </section>
  );
}
