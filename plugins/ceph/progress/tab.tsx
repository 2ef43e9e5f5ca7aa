/** What the cluster repairs, moves and scrubs, how far it is, and what holds it up. */
import { ceph } from "../../../agent/ceph/contract.ts";
import type { Progress } from "../../../agent/ceph/progress/answers.ts";
import { Answered } from "../../lib/answered.tsx";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { useQuery } from "../../lib/hooks.ts";
import { _, dateTime, format, ngettext, number, size } from "../../lib/i18n.ts";
import { type Column, Table } from "../../lib/table.tsx";
import { Tag } from "../../lib/tag.tsx";
import { changes } from "../changes.ts";
import { Missing } from "../missing.tsx";
import type { Part } from "../part.ts";
import { Scrubs } from "./scrubs.tsx";
import { Versions } from "./versions.tsx";
import { leftWords } from "./words.ts";

const everyMs = 3000;

function ProgressTab() {
  const query = useQuery("progress", () => client(ceph).Progress(), { every: everyMs, changes });
  return (
    <Answered query={query}>
      {(data) => (
        <>
          <Missing sentences={data.missing} />
          <Held held={data.held} />
          <div className="ds-panels">
            <Moving progress={data} />
            <Groups groups={data.groups} />
          </div>
          <Events progress={data} />
          <Pools pools={data.pools} />
          <div className="ds-panels">
            <Scrubs scrub={data.scrub} />
            <Versions versions={data.versions} />
          </div>
        </>
      )}
    </Answered>
  );
}

function Held({ held }: Pick<Progress, "held">) {
  if (held.length === 0) return null;
  return (
    <section className="ds-panel ds-stack ce-verdict ce-warning" role="alert">
      <h2 className="pf-v6-c-title pf-m-md">{_("Somebody holds it up")}</h2>
      <ul>
        {held.map(({ flag, means }) => (
          <li key={flag} data-flag={flag}>
            <strong className="ce-code">{flag}</strong> {means}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Moving({ progress }: { progress: Progress }) {
  const { degraded, misplaced, unfound, copies, kibPerSecond, objectsPerSecond, groups } = progress;
  // Of a placement group that is not clean, or not known, nobody counts what may be missing.
  const idle = degraded + misplaced + unfound === 0 && groups.clean === groups.total;
  return (
    <section className="ds-panel ds-stack" data-idle={idle}>
      <h2 className="pf-v6-c-title pf-m-md">{_("Repairs and moves")}</h2>
      {idle && <p role="status">{_("Every copy of every object is where it should be.")}</p>}
      {degraded > 0 && (
        <p>{format(_("$0 of $1 copies are missing."), number(degraded), number(copies))}</p>
      )}
      {misplaced > 0 && (
        <p>
          {format(
            _("$0 of $1 copies are not where they should be."),
            number(misplaced),
            number(copies),
          )}
        </p>
      )}
      {unfound > 0 && (
        <p className="ds-bad">
          {ngettext(
            "$0 object is nowhere to be found.",
            "$0 objects are nowhere to be found.",
            unfound,
          )}
        </p>
      )}
      {degraded + misplaced > 0 && (
        <p>
          {objectsPerSecond > 0
            ? format(
                _("$0 and $1 objects a second are copied: $2."),
                size(kibPerSecond),
                number(objectsPerSecond),
                leftWords(progress.secondsLeft),
              )
            : _("Nothing is copied at this moment.")}
        </p>
      )}
    </section>
  );
}

function Groups({ groups: { total, clean, states } }: Pick<Progress, "groups">) {
  return (
    <section className="ds-panel ds-stack">
      <h2 className="pf-v6-c-title pf-m-md">
        {format(_("Placement groups: $0 of $1 clean"), number(clean), number(total))}
      </h2>
      <ul className="ce-counts">
        {states.map((one) => (
          <li key={one.state} data-group={one.state}>
            <strong>{number(one.count)}</strong>{" "}
            <Tag color={one.clean ? "green" : "orange"}>{one.state}</Tag>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Events({ progress: { events, ended } }: { progress: Progress }) {
  return (
    <section className="ds-panel ds-stack">
      <h2 className="pf-v6-c-title pf-m-md">{_("What the manager follows")}</h2>
      {events.length === 0 && <p>{_("Nothing runs now.")}</p>}
      {events.map(({ id, what, percent, startedAt, secondsLeft }) => (
        <div key={id} data-event={id}>
          <p>
            {what} <span className="ds-subtle">{leftWords(secondsLeft)}</span>
          </p>
          <div className="ds-progress" role="progressbar" aria-label={what} aria-valuenow={percent}>
            <div style={{ inlineSize: `${percent}%` }} />
          </div>
          <p className="ds-subtle">
            {format(_("$0 percent, since $1"), number(percent), dateTime(startedAt))}
          </p>
        </div>
      ))}
      {ended.length > 0 && (
        <details>
          <summary>{ngettext("$0 that ended last", "$0 that ended last", ended.length)}</summary>
          <ul className="ce-details">
            {ended.map(({ id, what, endedAt, failed, why }) => (
              <li key={`${id} ${endedAt}`}>
                <Tag color={failed ? "red" : "green"}>{failed ? _("failed") : _("done")}</Tag>{" "}
                {what} <span className="ds-subtle">{dateTime(endedAt)}</span> {why}
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

type PoolRow = Progress["pools"][number];

function poolColumns(): Column<PoolRow>[] {
  const counted = (key: "degraded" | "misplaced" | "unfound", title: string): Column<PoolRow> => ({
    ...{ key, title, end: true, render: (row) => number(row[key]) },
  });
  return [
    {
      key: "name",
      title: _("Pool"),
      render: ({ name }) => (
        <a className="ce-code" href={`#/pools?text=${encodeURIComponent(name)}`}>
          {name}
        </a>
      ),
    },
    counted("degraded", _("Copies missing")),
    counted("misplaced", _("Copies elsewhere")),
    counted("unfound", _("Objects not found")),
    {
      key: "rate",
      title: _("Copied a second"),
      end: true,
      render: ({ kibPerSecond }) => size(kibPerSecond),
    },
  ];
}

function Pools({ pools }: Pick<Progress, "pools">) {
  if (pools.length === 0) return null;
  return (
    <section className="ds-stack">
      <h2 className="pf-v6-c-title pf-m-md">{_("Pools of which something is missing or moves")}</h2>
      <Table
        label={_("Pools that are repaired or moved")}
        columns={poolColumns()}
        rows={pools}
        keyOf={({ name }) => name}
      />
    </section>
  );
}

export const progress: Part = {
  key: "progress",
  title: () => _("Recovery"),
  help: () => ({
    text: _(
      "When an OSD is lost, marked out or weighted otherwise, Ceph makes missing copies anew and moves others to where they should be. Scrubs compare copies, deep ones read them through. Flags that somebody set can hold each of these up.",
    ),
    commands: [
      commandOf(ceph, "Progress", []),
      "ceph progress json",
      "ceph pg stat",
      "ceph osd pool stats",
      "ceph versions",
    ],
  }),
  Body: ProgressTab,
};
