/** What the table of nodes shows. */
import type { ClusterNode, ClusterStatus } from "../../../agent/cluster/answers.ts";
import { _, format, number, percent, size } from "../../lib/i18n.ts";
import { Meter } from "../../lib/meter.tsx";
import type { Column } from "../../lib/table.tsx";
import { heardWords, LogTag, proofTag, VerdictTag } from "./words.tsx";

const nothing = "–";

/** The name of another node leads to its own overview. */
export function nodeColumns({ at, node: own }: ClusterStatus): Column<ClusterNode>[] {
  return [
    {
      key: "name",
      title: _("Node"),
      sort: "name",
      render: ({ name }) =>
        name === own ? (
          <strong className="ov-name">{name}</strong>
        ) : (
          <a className="ds-name ov-name" href={`#/?node=${name}`}>
            {name}
          </a>
        ),
    },
    {
      key: "verdict",
      title: _("Verdict"),
      sort: "verdict",
      render: ({ verdict }) => <VerdictTag verdict={verdict} />,
    },
    { key: "age", title: _("Heard of"), sort: "age", render: (row) => heardWords(row, at) },
    { key: "log", title: _("Audit log"), render: (row) => <LogTag {...row} /> },
    {
      key: "policy",
      title: _("Policy"),
      render: ({ facts }) => (facts ? proofTag(facts.policy) : nothing),
    },
    {
      key: "cpu",
      title: _("CPU"),
      sort: "cpu",
      end: true,
      render: ({ facts }) => (facts ? percent(facts.load.cpu) : nothing),
    },
    {
      key: "memory",
      title: _("Memory"),
      sort: "memory",
      render: ({ name, facts }) => (
        <Use
          label={format(_("Memory of $0"), name)}
          used={facts?.load.memoryUsedKib}
          of={facts?.load.memoryKib}
        />
      ),
    },
    {
      key: "disk",
      title: _("Fullest disk"),
      sort: "disk",
      render: ({ name, facts }) => (
        <Use
          label={format(_("Fullest disk of $0"), name)}
          used={facts?.load.diskUsedKib}
          of={facts?.load.diskKib}
        />
      ),
    },
    {
      key: "keys",
      title: _("Key drivers"),
      render: ({ facts }) => (facts ? keysWords(facts.keys) : nothing),
    },
    {
      key: "tenants",
      title: _("Tenants"),
      sort: "tenants",
      end: true,
      render: ({ facts }) => (facts ? number(facts.counts.tenants) : nothing),
    },
    {
      key: "version",
      title: _("Version"),
      render: ({ facts }) => facts?.versions.agent || nothing,
    },
  ];
}

function Use({
  label,
  used,
  of,
}: {
  label: string;
  used?: number | undefined;
  of?: number | undefined;
}) {
  if (used === undefined || !of) return nothing;
  return <Meter label={label} used={used} limit={of} write={size} />;
}

export function keysWords({ drivers, ready, software }: NonNullable<ClusterNode["facts"]>["keys"]) {
  if (drivers === 0) return _("none");
  const words = format(_("$0 of $1 ready"), number(ready), number(drivers));
  return software === 0 ? words : format(_("$0, $1 in software"), words, number(software));
}
