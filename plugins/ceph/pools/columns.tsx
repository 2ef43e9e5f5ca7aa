/** What the tables of pools and rules show. */
import WarningIcon from "@patternfly/react-icons/dist/esm/icons/exclamation-triangle-icon";
import type { PoolDetail, RuleRow } from "../../../agent/ceph/pools/answers.ts";
import { _, ngettext, number, size } from "../../lib/i18n.ts";
import type { Column } from "../../lib/table.tsx";
import { Tag } from "../../lib/tag.tsx";
import { redundancyWords } from "../capacity/words.ts";
import { Reach } from "./reach.tsx";
import { autoscaleName, groupWords, verdictColors, verdictName } from "./words.ts";

export function poolColumns(): Column<PoolDetail>[] {
  return [
    {
      key: "name",
      title: _("Pool"),
      sort: "name",
      render: ({ name, applications, troubles }) => (
        <>
          <strong className="ce-code">{name}</strong>
          <div className="ds-subtle">{applications.join(", ") || _("no application")}</div>
          {troubles.length > 0 && (
            <div className="ds-trouble" title={troubles.join(" ")}>
              <WarningIcon /> {ngettext("$0 thing at risk", "$0 things at risk", troubles.length)}
            </div>
          )}
        </>
      ),
    },
    {
      key: "rule",
      title: _("Rule"),
      render: ({ rule }) =>
        rule === "" ? (
          _("unknown")
        ) : (
          <a className="ce-code" href={`#/rules?text=${encodeURIComponent(rule)}`}>
            {rule}
          </a>
        ),
    },
    { key: "reach", title: _("Reaches"), render: (pool) => <Reach reach={pool} /> },
    {
      key: "verdict",
      title: _("Residency"),
      render: ({ verdict, allowed }) => (
        <>
          <Tag color={verdictColors[verdict]}>{verdictName(verdict)}</Tag>
          {allowed.length > 0 && <div className="ds-subtle">{allowed.join(", ")}</div>}
        </>
      ),
    },
    {
      key: "redundancy",
      title: _("Redundancy"),
      render: (pool) => (
        <>
          {redundancyWords(pool)}
          <div className="ds-subtle">
            {ngettext("writes need $0 of them", "writes need $0 of them", pool.minSize)}
          </div>
        </>
      ),
    },
    {
      key: "pgs",
      title: _("Placement groups"),
      sort: "pgs",
      render: (pool) => (
        <>
          {groupWords(pool)}
          <div className="ds-subtle">{autoscaleName(pool.autoscale)}</div>
        </>
      ),
    },
    {
      key: "used",
      title: _("On devices"),
      sort: "usedKiB",
      end: true,
      render: ({ usedKiB }) => size(usedKiB),
    },
    {
      key: "objects",
      title: _("Objects"),
      sort: "objects",
      end: true,
      optional: true,
      render: ({ objects }) => number(objects),
    },
    {
      key: "flags",
      title: _("Flags"),
      wrap: true,
      optional: true,
      render: ({ flags }) => <span className="ce-code">{flags.join(", ") || _("none")}</span>,
    },
  ];
}

export function ruleColumns(): Column<RuleRow>[] {
  return [
    {
      key: "name",
      title: _("Rule"),
      sort: "name",
      render: ({ name, problems }) => (
        <>
          <strong className="ce-code">{name}</strong>
          {problems.length > 0 && (
            <div className="ds-trouble" title={problems.join(" ")}>
              <WarningIcon /> {_("not understood")}
            </div>
          )}
        </>
      ),
    },
    { key: "id", title: _("Number"), sort: "id", end: true, render: ({ id }) => String(id) },
    {
      key: "kind",
      title: _("Kind"),
      render: ({ kind }) =>
        ({ replicated: _("copies"), erasure: _("parts of a code"), unknown: _("unknown") })[kind],
    },
    { key: "reach", title: _("Reaches"), render: (rule) => <Reach reach={rule} /> },
    {
      key: "osds",
      title: _("OSDs"),
      sort: "osds",
      end: true,
      render: ({ osds }) => number(osds),
    },
    {
      key: "pools",
      title: _("Pools"),
      sort: "poolCount",
      wrap: true,
      render: ({ pools, poolCount }) => {
        if (poolCount === 0) return <span className="ds-subtle">{_("none")}</span>;
        const more = poolCount - 5;
        return (
          <span className="ce-code">
            {pools.slice(0, 5).join(", ")}{" "}
            {more > 0 && ngettext("and $0 more", "and $0 more", more)}
          </span>
        );
      },
    },
  ];
}
