/** Failover drills: whether one may be held, the one under way, and how long services were gone in all. */
import { useState } from "react";
import { cluster } from "../../../agent/cluster/contract.ts";
import type { Drills as Answer } from "../../../agent/cluster/drill/answers.ts";
import { type JobRecord, job } from "../../../agent/jobs/contract.ts";
import { ActionButton } from "../../lib/action-button.tsx";
import { useAccess } from "../../lib/capabilities.tsx";
import { client, listen } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { isToldByPage } from "../../lib/errors.ts";
import { Command, CommandHelp } from "../../lib/help.tsx";
import { useNow, useQuery } from "../../lib/hooks.ts";
import { _, dateTime, format, ngettext, relativeTime } from "../../lib/i18n.ts";
import { showLate } from "../../lib/late.ts";
import { usePlace } from "../../lib/location.ts";
import { Failure, Stale } from "../../lib/states.tsx";
import { Tag } from "../../lib/tag.tsx";
import { Histogram, VerdictTag } from "./histogram.tsx";
import { DrillList } from "./list.tsx";
import { type DrillsView, readDrills, shownKind } from "./view.ts";
import { kindMeans, kindName, serviceName } from "./words.ts";
import "./drills.css";

const everyMs = 5000;

/** Another node's drill is heard of with the cluster; the end of one of this node by its job. */
function changes(changed: () => void): () => void {
  const stop = [
    listen(cluster, "Changed", changed),
    listen(job, "Changed", ({ kind }: JobRecord) => kind === "cluster.Drill" && changed()),
  ];
  return () => {
    for (const one of stop) one();
  };
}

async function orderDialog(data: Answer) {
  const { OrderDialog } = await import("./order.tsx");
  return <OrderDialog node={data.node} nodes={data.nodes} />;
}

/** A node that is all of its cluster, and has no drill on record, has nothing to show. */
export function Drills() {
  const view = readDrills(usePlace());
  const filter = { text: view.text, cursor: view.cursor, limit: view.perPage };
  const { data, error, loading, refresh } = useQuery(
    JSON.stringify(filter),
    () => client(cluster).Drills(filter),
    { every: everyMs, changes },
  );
  if (!data && (!error || isToldByPage(error))) return null;
  if (data && data.nodes.length < 2 && data.filed === 0) return null;
  return (
    <section className="ds-panel ds-stack" aria-labelledby="ov-drills">
      <div className="ds-job-head">
        <h2 id="ov-drills" className="pf-v6-c-title pf-m-md">
          {_("Failover drills")}
        </h2>
        <Help node={data?.node || "NODE"} />
        <span className="ds-grow" />
        {data && <Order data={data} />}
      </div>
      {data ? (
        <>
          <Stale error={error} />
          <Running running={data.running} />
          <Window {...data.window} />
          <Past data={data} view={view} stale={loading} />
        </>
      ) : (
        error && <Failure error={error} retry={refresh} />
      )}
    </section>
  );
}

function Help({ node }: { node: string }) {
  const example = { kind: "kill", reason: "the yearly drill" };
  return (
    <CommandHelp
      label={_("About failover drills")}
      text={_(
        "In a maintenance window a node goes away on purpose, and every node measures for how long services are gone. It takes three nodes or more, all of them there, and a second person. A drill is ordered at the node that goes away, and is on record there.",
      )}
      commands={[commandOf(cluster, "Drills", [{}]), commandOf(cluster, "Drill", [node, example])]}
    />
  );
}

function Order({ data }: { data: Answer }) {
  const { why } = useAccess();
  return (
    <ActionButton
      variant="secondary"
      why={why(cluster, "drill") ?? (data.obstacle || undefined)}
      onClick={() => void showLate(() => orderDialog(data))}
    >
      {_("Hold a drill")}
    </ActionButton>
  );
}

function Running({ running }: Pick<Answer, "running">) {
  // What is announced is that it began: not each second of it.
  const words =
    running && format(_("A drill of $0 is under way: $1."), running.node, kindName(running.kind));
  return (
    <div {...(running && { className: "ov-drill ov-warning", "data-drill": running.node })}>
      <strong role="status">{words}</strong> {running && <Times {...running} />}
    </div>
  );
}

function Times({ node, kind, at, seconds, until }: NonNullable<Answer["running"]>) {
  const now = useNow(1000);
  const isLate = now > Date.parse(until);
  return (
    <>
      {format(
        isLate
          ? _("Begun $0; it was to be back by $2. What the others saw is gathered.")
          : _("Begun $0, away for $1 s, back by $2 at the latest."),
        relativeTime(at, now),
        seconds,
        dateTime(until),
      )}
      <p className="ds-subtle">{kindMeans(kind, node)}</p>
    </>
  );
}

const example = '"maintenance": [{ "days": ["sunday"], "from": "02:00", "until": "04:00" }]';

function Window({ open, declared, until, text }: Answer["window"]) {
  return (
    <>
      <p data-window={open ? "open" : declared ? "closed" : "none"}>
        <Tag color={open ? "green" : declared ? "grey" : "orange"}>
          {open
            ? _("maintenance window open")
            : declared
              ? _("no maintenance window now")
              : _("no maintenance window declared")}
        </Tag>{" "}
        {until !== null && format(_("Until $0."), dateTime(until))}{" "}
        {declared ? format(_("Windows: $0"), text) : text}
      </p>
      {!declared && <Command text={example} copy={_("Copy the example")} />}
    </>
  );
}

function Past({ data, view, stale }: { data: Answer; view: DrillsView; stale: boolean }) {
  const isAsked = view.text !== "" || view.cursor !== "" || view.open.size > 0;
  const [isOpen, setOpen] = useState(isAsked);
  const { filed, histogram, node, drills } = data;
  if (filed === 0) {
    return (
      <p className="ds-subtle">
        {format(
          _("No drill of $0 is on record. Each is on record at the node that went away."),
          node,
        )}
      </p>
    );
  }
  const [last] = drills;
  return (
    <details
      className="ov-drills"
      open={isOpen}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>
        <span>{ngettext("$0 drill on record", "$0 drills on record", filed)}</span>{" "}
        <Summary histogram={histogram} view={view} />
        {!isAsked && last && (
          <span className="ds-subtle">{format(_("the last $0"), relativeTime(last.at))}</span>
        )}
      </summary>
      {isOpen && (
        <div className="ds-stack">
          <Histogram histogram={histogram} view={view} />
          <DrillList data={data} view={view} stale={stale} />
        </div>
      )}
    </details>
  );
}

/** Whether what is aimed at was kept, of each service for which something is. */
function Summary({ histogram, view }: Pick<Answer, "histogram"> & { view: DrillsView }) {
  const kind = shownKind(histogram, view);
  const aimed = histogram.filter(
    (row) => row.kind === kind && row.where === "others" && row.aimMs !== null,
  );
  return aimed.map((row) => (
    <VerdictTag key={row.service} row={row}>
      {serviceName(row.service)}:{" "}
    </VerdictTag>
  ));
}
