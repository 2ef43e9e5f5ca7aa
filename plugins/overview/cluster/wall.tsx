/** The cluster on a screen on the wall: large, without anything to press, and never better than its age. */
import { useEffect, useMemo } from "react";
import type { ClusterNode, ClusterStatus } from "../../../agent/cluster/answers.ts";
import { verdictName } from "../../lib/assurance.tsx";
import { useNow } from "../../lib/hooks.ts";
import { _, dateTime, format, language, ngettext, number, percent } from "../../lib/i18n.ts";
import { go } from "../../lib/location.ts";
import { Failure, Loading } from "../../lib/states.tsx";
import { findings } from "./findings.ts";
import { useCluster } from "./nodes.tsx";
import { countOf, waiting } from "./tiles.tsx";
import { type NodesView, shownNodes } from "./view.ts";
import { edges, heardWords, VerdictTag, verdictIcons, verdictOrder } from "./words.tsx";
import "./wall.css";

/** An answer that is older than this is no picture of now, in milliseconds. */
const oldMs = 20_000;
/** As many as can be read from afar. */
const mostFindings = 4;

export function Wall() {
  const { data, error, refresh } = useCluster();
  const now = useNow(1000);
  // By this screen's own clock, which may be another than the node's.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another answer has another time.
  const heardAt = useMemo(() => Date.now(), [data]);
  useEffect(() => {
    const leave = ({ key }: KeyboardEvent) => key === "Escape" && go([]);
    document.addEventListener("keydown", leave);
    return () => document.removeEventListener("keydown", leave);
  }, []);
  document.title = format(_("$0 - DsecOS"), _("Wall screen"));
  if (!data) return error ? <Failure error={error} retry={refresh} /> : <Loading />;
  const time = new Date(now).toLocaleTimeString(language());
  return (
    <main className="ov-wall" aria-label={_("Wall screen")}>
      <header className="ov-wall-head">
        <Sentence status={data} />
        <span className="ds-grow" />
        <span>{waits(data)}</span>
        <time dateTime={new Date(now).toISOString()}>{time}</time>
      </header>
      <Age status={data} why={error?.message ?? ""} isOld={now - heardAt > oldMs} />
      <ul className="ov-wall-findings">
        {findings(data.nodes)
          .slice(0, mostFindings)
          .map(({ verdict, about, text, nodes: [first = "", ...others] }) => (
            <li key={`${about} ${first} ${text}`}>
              <VerdictTag verdict={verdict} />{" "}
              <strong>
                {others.length === 0 ? first : format(_("$0 and $1 more"), first, others.length)}
              </strong>{" "}
              {text}
            </li>
          ))}
      </ul>
      <ul className="ov-wall-nodes">
        {shownNodes(data.nodes, worstFirst).map((node) => (
          <Card key={node.name} node={node} at={data.at} />
        ))}
      </ul>
      <p className="ds-subtle">{_("Escape leaves this screen.")}</p>
    </main>
  );
}

const worstFirst: NodesView = {
  ...{ text: "", cursor: "", perPage: 1000, open: new Set<string>() },
  ...{ verdict: "", sort: "verdict", descending: false },
};

/** The state of all, in a sentence. */
function Sentence({ status }: { status: ClusterStatus }) {
  const total = status.nodes.length;
  const count = (verdict: ClusterNode["verdict"]) => countOf(status, verdict);
  const verdict = verdictOrder.find((one) => count(one) > 0) ?? "unknown";
  const Icon = verdictIcons[verdict];
  const words = verdictOrder
    .filter((one) => count(one) > 0)
    .map((one) => format(_("$0 $1"), number(count(one)), verdictName(one)));
  return (
    <h1 className={`ov-wall-verdict ${edges[verdict]}`}>
      <Icon /> {ngettext("$0 node", "$0 nodes", total)}: {words.join(", ")}
    </h1>
  );
}

function waits(status: ClusterStatus): string {
  const count = waiting(status);
  if (count === 0) return _("Nothing waits for approval.");
  return ngettext("$0 request waits for approval", "$0 requests wait for approval", count);
}

/** Says when what is shown is not of now, and why. */
function Age({ status, why, isOld }: { status: ClusterStatus; why: string; isOld: boolean }) {
  const said = why || status.trouble;
  return (
    <p className="ov-wall-old" role="alert">
      {(isOld || said !== "") &&
        format(_("This is of $0, and not the latest. $1"), dateTime(status.at), said)}
    </p>
  );
}

function Card({ node, at }: { node: ClusterNode; at: string }) {
  const { name, verdict, facts, text } = node;
  return (
    <li className={`ds-panel ov-card ${edges[verdict]}`} data-node={name}>
      <strong className="ov-name">{name}</strong>
      <VerdictTag verdict={verdict} />
      <span className="ds-subtle">{heardWords(node, at)}</span>
      {facts && (
        <span className="ds-subtle">
          {format(_("CPU $0"), percent(facts.load.cpu))} ·{" "}
          {ngettext("$0 tenant", "$0 tenants", facts.counts.tenants)}
        </span>
      )}
      <p>{text}</p>
    </li>
  );
}
