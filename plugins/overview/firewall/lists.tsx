/** What is looked at more rarely: counters, what differs, and who listens. */
import { node } from "../../../agent/node/contract.ts";
import type { FirewallStatus, Listener } from "../../../agent/node/firewall/answers.ts";
import { client } from "../../lib/client.ts";
import { useQuery } from "../../lib/hooks.ts";
import { _, format } from "../../lib/i18n.ts";
import { Failure, Loading } from "../../lib/states.tsx";
import { type Column, Table } from "../../lib/table.tsx";
import { Tag } from "../../lib/tag.tsx";
import { reachColor, reachName } from "./words.ts";

export function Drift({ drift }: Pick<FirewallStatus, "drift">) {
  if (drift.length === 0) return null;
  return (
    <ul className="ov-drift" aria-label={_("What differs")}>
      {drift.map(({ change, text }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the same line may differ twice.
        <li key={index}>
          <Tag color={change === "added" ? "red" : "orange"}>
            {change === "added" ? _("loaded besides") : _("missing")}
          </Tag>{" "}
          <code>{text}</code>
        </li>
      ))}
    </ul>
  );
}

type Counted = FirewallStatus["counters"][number];

function counterColumns(): Column<Counted>[] {
  return [
    { key: "meaning", title: _("Packets that"), wrap: true, render: ({ meaning }) => meaning },
    {
      key: "packets",
      title: _("Packets"),
      end: true,
      render: ({ packets }) => BigInt(packets).toLocaleString(),
    },
    { key: "name", title: _("Counter"), render: ({ name }) => <code>{name}</code> },
  ];
}

export function Counters({ counters }: Pick<FirewallStatus, "counters">) {
  if (counters.length === 0) return null;
  return (
    <details>
      <summary>{_("What the rules counted")}</summary>
      <Table
        label={_("Counters of the firewall")}
        columns={counterColumns()}
        rows={counters}
        keyOf={({ name }) => name}
      />
    </details>
  );
}

function listenerColumns(): Column<Listener>[] {
  return [
    {
      key: "port",
      title: _("Port"),
      render: ({ protocol, port }) => (
        <strong>
          {protocol} {port}
        </strong>
      ),
    },
    {
      key: "reach",
      title: _("Can be reached"),
      render: ({ reach, wanted }) => (
        <Tag color={reachColor(reach, wanted)}>{reachName(reach)}</Tag>
      ),
    },
    { key: "process", title: _("Process or unit"), render: ({ process }) => process },
    { key: "address", title: _("Address"), render: ({ address }) => <code>{address}</code> },
  ];
}

export function Listeners() {
  const { data, error, refresh } = useQuery("listeners", () => client(node).Listeners(), {
    every: 30_000,
  });
  if (!data) return error ? <Failure error={error} retry={refresh} /> : <Loading rows={4} />;
  const open = data.rows.filter(({ reach, wanted }) => reach === "open" && !wanted).length;
  return (
    <div className="ds-stack">
      <p>
        {open === 0
          ? _("Nothing but SSH and HTTPS is open to all.")
          : format(_("Beside SSH and HTTPS, open to all: $0."), open)}
      </p>
      <Table
        label={_("What listens")}
        columns={listenerColumns()}
        rows={data.rows}
        keyOf={({ protocol, address, port }) => `${protocol} ${address} ${port}`}
      />
    </div>
  );
}
