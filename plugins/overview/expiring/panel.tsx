/** Everything with an end that somebody has to act on, the soonest first, in one list. */
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { useState } from "react";
import { node } from "../../../agent/node/contract.ts";
import type { Ending, Expiring } from "../../../agent/node/expiring/answers.ts";
import { Answered } from "../../lib/answered.tsx";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { Command, CommandHelp } from "../../lib/help.tsx";
import { useNow, useQuery } from "../../lib/hooks.ts";
import { _, dateTime, format, number, relativeTime } from "../../lib/i18n.ts";
import { PageLink } from "../../lib/page-link.tsx";
import { type Column, Table } from "../../lib/table.tsx";
import { Tag } from "../../lib/tag.tsx";
import { kindName, missingLines, nearness, summary, wayTo } from "./words.ts";

const everyMs = 30_000;
/** Shown until somebody wants all. */
const fewest = 8;

export function ExpiringPanel() {
  const query = useQuery("expiring", () => client(node).Expiring(), { every: everyMs });
  return (
    <section className="ds-panel ds-stack" aria-labelledby="ov-expiring">
      <div className="ds-job-head">
        <h2 id="ov-expiring" className="pf-v6-c-title pf-m-md">
          {_("What ends soon")}
        </h2>
        <CommandHelp
          label={_("About what ends soon")}
          text={_(
            "Everything that this node knows of that has an end within 90 days, and that somebody may have to act on before. What could not be read, or what you may not see, is said below the list.",
          )}
          commands={[commandOf(node, "Expiring", [])]}
        />
      </div>
      <Answered query={query}>{(data) => <Ends expiring={data} />}</Answered>
    </section>
  );
}

function Ends({ expiring }: { expiring: Expiring }) {
  const [all, setAll] = useState(false);
  const now = useNow();
  const { rows, total, missing } = expiring;
  const shown = all ? rows : rows.slice(0, fewest);
  const nothing = summary(expiring);
  return (
    <div className="ds-stack" data-ends={total}>
      {nothing && <p role="status">{nothing}</p>}
      {shown.length > 0 && (
        <Table
          label={_("What ends, the soonest first")}
          columns={columns(now)}
          rows={shown}
          keyOf={({ kind, tenant, name, command, endsAt }) =>
            [kind, tenant, name, command, endsAt].join(" ")
          }
        />
      )}
      {rows.length > fewest && (
        <Button variant="link" isInline onClick={() => setAll(!all)}>
          {all
            ? _("Show the soonest only")
            : format(_("Show $0 more"), number(rows.length - fewest))}
        </Button>
      )}
      {all && total > rows.length && (
        <p className="ds-subtle">
          {format(_("$0 in all; the pages themselves have the others."), number(total))}
        </p>
      )}
      {missingLines(missing).map(({ sources, text }) => (
        <p key={text} role="status" data-missing={sources}>
          <Tag color="grey">{_("not known")}</Tag> {format(_("$0: $1"), sources, text)}
        </p>
      ))}
    </div>
  );
}

function columns(now: number): Column<Ending>[] {
  return [
    {
      key: "endsAt",
      title: _("When"),
      render: ({ endsAt }) => (
        <>
          <Tag color={nearness(endsAt, now)}>{relativeTime(endsAt, now)}</Tag>
          <div className="ds-subtle">{dateTime(endsAt)}</div>
        </>
      ),
    },
    {
      key: "name",
      title: _("What"),
      wrap: true,
      render: (ending) => (
        <>
          <strong>
            <Name ending={ending} />
          </strong>
          <div className="ds-subtle">{kindName(ending.kind)}</div>
        </>
      ),
    },
    { key: "tenant", title: _("Whose"), render: ({ tenant }) => whose(tenant) },
    {
      key: "what",
      title: _("What happens, and what to do"),
      wrap: true,
      render: ({ what, remedy, command }) => (
        <>
          {what} <strong>{remedy}</strong>
          <Command text={command} />
        </>
      ),
    },
  ];
}

/** The node's own things have no tenant. */
function whose(tenant: string): string {
  return tenant === "" || tenant === "=node" ? _("the cloud’s own") : tenant;
}

function Name({ ending }: { ending: Ending }) {
  const way = wayTo(ending);
  if (way === undefined) return ending.name;
  return <PageLink {...way}>{ending.name}</PageLink>;
}
