/** One progress over all nodes, and what came of each. */
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { useEffect, useRef, useState } from "react";
import { Dialog } from "../../lib/dialog.tsx";
import { Command } from "../../lib/help.tsx";
import { _, format, number, percent } from "../../lib/i18n.ts";
import { openLine } from "../../lib/nodes/line.ts";
import type { Nodes } from "../../lib/nodes/own.ts";
import { PageLink } from "../../lib/page-link.tsx";
import { VerdictTag } from "../cluster/words.tsx";
import { type Progress, type Run, runAt } from "./run.ts";
import type { Work } from "./work.ts";

interface Props {
  work: Work;
  nodes: readonly string[];
  known: Nodes;
}

const waits: Progress = { state: "waits" };
const isOver = ({ state }: Progress) => state === "done" || state === "failed" || state === "left";

export function Running({ work, nodes, known }: Props) {
  const [all, setAll] = useState<ReadonlyMap<string, Progress>>(new Map());
  const run = useRef<Run>(undefined);
  useEffect(() => {
    let isShown = true;
    run.current ??= runAt(
      nodes,
      work,
      (node) => openLine(known, node),
      (node, progress) => {
        if (isShown) setAll((before) => new Map(before).set(node, progress));
      },
    );
    const { stop } = run.current;
    return () => {
      isShown = false;
      stop();
    };
  }, [nodes, work, known]);
  const rows = nodes.map((node) => ({ node, progress: all.get(node) ?? waits }));
  const over = rows.filter(({ progress }) => isOver(progress)).length;
  const share = over / nodes.length;
  const counted = format(_("$0 of $1 nodes"), number(over), number(nodes.length));
  return (
    <Dialog title={work.label} size="large">
      <div
        className="ds-progress"
        role="progressbar"
        aria-label={work.label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share * 100)}
      >
        <div style={{ inlineSize: percent(share) }} />
      </div>
      <p role="status">{over < nodes.length ? counted : format(_("$0, all done"), counted)}</p>
      {over < nodes.length && (
        <p>
          <Button variant="link" isInline onClick={() => run.current?.stop()}>
            {_("Begin at no further node")}
          </Button>{" "}
          <span className="ds-subtle">
            {_("What a node has begun goes on there, also when this is closed.")}
          </span>
        </p>
      )}
      <div className="ds-table">
        <table className="pf-v6-c-table pf-m-compact" aria-label={_("Nodes and what came of each")}>
          <thead className="pf-v6-c-table__thead">
            <tr className="pf-v6-c-table__tr">
              <th scope="col" className="pf-v6-c-table__th">
                {_("Node")}
              </th>
              <th scope="col" className="pf-v6-c-table__th">
                {_("What came of it")}
              </th>
            </tr>
          </thead>
          <tbody className="pf-v6-c-table__tbody">
            {rows.map(({ node, progress }) => (
              <tr key={node} className="pf-v6-c-table__tr" data-row={node}>
                <th scope="row" className="pf-v6-c-table__td">
                  <PageLink page={work.page} node={node}>
                    {node}
                  </PageLink>
                </th>
                <td className="pf-v6-c-table__td ds-wrap">
                  <Told progress={progress} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Dialog>
  );
}

function Told({ progress }: { progress: Progress }) {
  switch (progress.state) {
    case "waits":
      return <span className="ds-subtle">{_("waits")}</span>;
    case "left":
      return <span className="ds-subtle">{_("not begun")}</span>;
    case "runs": {
      const { done, total } = progress;
      if (total === 0) return _("runs");
      return format(_("runs: $0 of $1"), number(done), number(total));
    }
    case "failed":
      return (
        <div className="ds-stack">
          <p className="ds-bad">{progress.text}</p>
          {progress.commands.map((command) => (
            <Command key={command} text={command} />
          ))}
        </div>
      );
    case "done":
      return (
        <>
          <VerdictTag verdict={progress.verdict} /> {progress.text}
        </>
      );
  }
}
