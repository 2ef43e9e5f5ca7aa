/** A lane for each pool through the jurisdictions that its copies may lie in, and what leaves. */
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import ForbiddenIcon from "@patternfly/react-icons/dist/esm/icons/ban-icon";
import CopiesIcon from "@patternfly/react-icons/dist/esm/icons/database-icon";
import UnknownIcon from "@patternfly/react-icons/dist/esm/icons/question-circle-icon";
import { useState } from "react";
import type { PoolDetail } from "../../../agent/ceph/pools/answers.ts";
import type { Verdict } from "../../../agent/ceph/residency/verdict.ts";
import { _, format, ngettext, number } from "../../lib/i18n.ts";
import { outcomeName } from "../../lib/residency.ts";
import { type Column, Table } from "../../lib/table.tsx";
import { VerdictTag } from "../cluster/words.tsx";
import { type Cell, exitsOf, type Flow, flowsOf, nothingLeaves } from "./flows.ts";

/** Shown until somebody wants all. */
const fewest = 8;
const mostExits = 20;

/** Written out, since the build takes rules out of the style sheet whose names occur nowhere. */
const lanes: Record<Flow["verdict"], string> = {
  good: "ov-lane ov-lane-good",
  bad: "ov-lane ov-lane-bad",
  warning: "ov-lane ov-lane-unknown",
  unknown: "ov-lane ov-lane-unknown",
};

function provedName(proved: PoolDetail["verdict"]): string {
  if (proved === "never") return _("not proved");
  return proved === "undemanded" ? _("nobody said where it must stay") : outcomeName(proved);
}

interface Props {
  pools: readonly PoolDetail[];
  jurisdictions: readonly string[];
  stale: boolean;
}

export function Flows({ pools, jurisdictions, stale }: Props) {
  const [all, setAll] = useState(false);
  const flows = flowsOf(pools, jurisdictions, stale);
  const hidden = flows.length - fewest;
  const columns: Column<Flow>[] = [
    {
      key: "pool",
      title: _("Pool"),
      render: ({ pool }) => <strong className="ov-name">{pool}</strong>,
    },
    {
      key: "verdict",
      title: _("Whether it stays"),
      render: ({ verdict, proved }) => <VerdictTag verdict={verdict} text={provedName(proved)} />,
    },
    ...jurisdictions.map((name, index) => ({
      key: `in-${name}`,
      title: name,
      render: (flow: Flow) => <Stop flow={flow} index={index} />,
    })),
  ];
  return (
    <>
      <h3 className="pf-v6-c-title pf-m-sm">{_("Where copies of pools may lie")}</h3>
      <Table
        label={_("Where copies of pools may lie")}
        columns={columns}
        rows={all ? flows : flows.slice(0, fewest)}
        keyOf={({ pool }) => pool}
      />
      {hidden > 0 && (
        <Button variant="link" isInline onClick={() => setAll(!all)}>
          {all ? _("Show the worst only") : format(_("Show $0 more"), number(hidden))}
        </Button>
      )}
    </>
  );
}

const icons = {
  copies: CopiesIcon,
  forbidden: ForbiddenIcon,
  unsaid: UnknownIcon,
  unknown: UnknownIcon,
};

function cellWords(cell: Cell): string {
  const words = {
    copies: _("may lie here"),
    forbidden: _("must not, but could"),
    unsaid: _("could, nobody said"),
    none: _("none by its rule"),
    unknown: _("not known"),
  };
  return words[cell];
}

/** A lane is drawn below the words, from the first jurisdiction to the last. */
function Stop({ flow: { cells, from, to, verdict }, index }: { flow: Flow; index: number }) {
  const cell = cells[index] ?? "unknown";
  const Icon = cell === "none" ? undefined : icons[cell];
  const passes = from >= 0 && index >= from && index <= to;
  return (
    <span className={passes ? lanes[verdict] : ""} data-cell={cell}>
      {Icon && <Icon />}{" "}
      <span className={cell === "none" ? "ds-subtle" : ""}>{cellWords(cell)}</span>
    </span>
  );
}

/** @param proof undefined where there is none of now */
export function Exits({ proof }: { proof: Verdict | undefined }) {
  const exits = proof ? exitsOf(proof) : [];
  const hidden = exits.length - mostExits;
  return (
    <>
      <h3 className="pf-v6-c-title pf-m-sm">{_("What leaves")}</h3>
      {exits.length === 0 && (
        <p>
          {proof && nothingLeaves(proof) ? (
            <>
              <VerdictTag verdict="good" />{" "}
              {_("By what the proof sees, nothing of any pool is sent to where it must not be.")}
            </>
          ) : (
            <>
              <VerdictTag verdict="unknown" />{" "}
              {_("It is not proven of every pool what is sent elsewhere.")}
            </>
          )}
        </p>
      )}
      {exits.length > 0 && (
        <ul className="ov-findings" data-exits={exits.length}>
          {exits.slice(0, mostExits).map(({ pool, verdict, sentence }) => (
            <li key={`${pool} ${sentence}`}>
              <VerdictTag verdict={verdict} />
              <span>{sentence}</span>
            </li>
          ))}
        </ul>
      )}
      {hidden > 0 && (
        <p className="ds-subtle">
          {ngettext(
            "and $0 more, on the page of storage",
            "and $0 more, on the page of storage",
            hidden,
          )}
        </p>
      )}
      {proof && (
        <p className="ds-subtle">
          {format(_("Not judged, since no map shows it: $0."), proof.notJudged.join("; "))}
        </p>
      )}
    </>
  );
}
