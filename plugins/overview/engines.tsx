/** Engines that do the work, and what to do about those that are missing. */
import type { Engine } from "../../agent/node/contract.ts";
import { _ } from "../lib/i18n.ts";
import { type Column, Table } from "../lib/table.tsx";
import { Tag, type TagColor } from "../lib/tag.tsx";

const colors: Record<Engine["state"], TagColor> = {
  running: "green",
  stopped: "red",
  missing: "orange",
  unknown: "grey",
};

function stateName(state: Engine["state"]): string {
  const names = {
    running: _("running"),
    stopped: _("stopped"),
    missing: _("missing"),
    unknown: _("unknown"),
  };
  return names[state];
}

function columns(): Column<Engine>[] {
  return [
    { key: "name", title: _("Engine"), render: ({ name }) => <strong>{name}</strong> },
    {
      key: "state",
      title: _("State"),
      render: ({ state }) => <Tag color={colors[state]}>{stateName(state)}</Tag>,
    },
    { key: "version", title: _("Version"), render: ({ version }) => version },
    { key: "purpose", title: _("Needed for"), wrap: true, render: ({ purpose }) => purpose },
    { key: "remedy", title: _("What to do"), wrap: true, render: ({ remedy }) => remedy },
  ];
}

export function Engines({ engines }: { engines: readonly Engine[] }) {
  return (
    <section className="ds-panel">
      <h2 className="pf-v6-c-title pf-m-md">{_("Engines")}</h2>
      <Table label={_("Engines")} columns={columns()} rows={engines} keyOf={({ name }) => name} />
    </section>
  );
}
