/** One volume in full: what was declared, what Ceph has of it, and what is not as declared. */

import * as v from "valibot";
import { ceph } from "../../../agent/ceph/contract.ts";
import type { VolumeRow } from "../../../agent/ceph/volumes/answers.ts";
import { volumeFilterSchema } from "../../../agent/ceph/volumes/answers.ts";
import { useAccess } from "../../lib/capabilities.tsx";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { PageError } from "../../lib/errors.ts";
import { Command } from "../../lib/help.tsx";
import { useQuery } from "../../lib/hooks.ts";
import { _, dateTime, format, ngettext, relativeTime } from "../../lib/i18n.ts";
import { ButtonMenu } from "../../lib/menu.tsx";
import { PageLink } from "../../lib/page-link.tsx";
import { partAddress } from "../../lib/parts.ts";
import { Failure, Loading, Stale } from "../../lib/states.tsx";
import { volumeMenu } from "./acts.tsx";
import { changes, everyMs } from "./changes.ts";
import { Use, VolumeState } from "./columns.tsx";
import { Unknown } from "./sums.tsx";
import { listAddress } from "./view.ts";
import {
  classMeans,
  className,
  kindMeans,
  kindName,
  onDevices,
  snapshotsMean,
  stateMeans,
} from "./words.ts";

async function load(tenant: string, name: string) {
  const filter = v.parse(volumeFilterSchema, { tenant, search: name, limit: 1000 });
  const { rows, unknown } = await client(ceph).Volumes(filter);
  const row = rows.find((one) => one.name === name);
  if (row === undefined)
    throw new PageError("NotFound", format(_("$0 has no volume $1."), tenant, name));
  return { row, unknown };
}

export function VolumePart({ tenant, name }: { tenant: string; name: string }) {
  const query = useQuery(`${tenant}/${name}`, () => load(tenant, name), {
    ...{ every: everyMs, changes },
  });
  const { data, error } = query;
  return (
    <div className="ds-stack">
      <nav aria-label={_("Way back")}>
        <a href={listAddress}>{_("All volumes")}</a> <span aria-hidden="true">›</span>{" "}
        <a href={`${listAddress}?tenant=${encodeURIComponent(tenant)}`}>{tenant}</a>{" "}
        <span aria-hidden="true">›</span> {name}
      </nav>
      {data && <Stale error={error} />}
      {data ? (
        <Detail row={data.row} unknown={data.unknown} />
      ) : error ? (
        <Failure error={error} retry={query.refresh} />
      ) : (
        <Loading />
      )}
    </div>
  );
}

function Detail({ row, unknown }: { row: VolumeRow; unknown: string }) {
  const access = useAccess();
  const { tenant, name, state, trouble, caveat } = row;
  return (
    <>
      <div className="ds-job-head">
        <h2 className="pf-v6-c-title pf-m-lg">{name}</h2>
        <VolumeState row={row} />
        <ButtonMenu label={_("Actions")} entries={volumeMenu(row, access)} />
        <span className="ds-grow" />
        <PageLink page="audit" at={`?object=${encodeURIComponent(name)}`}>
          {_("All of it on record")}
        </PageLink>
      </div>
      <Unknown sentence={unknown} />
      {trouble && (
        <Wrong kind="trouble" title={_("Not as declared")}>
          {trouble}
        </Wrong>
      )}
      {caveat && (
        <Wrong kind="caveat" title={_("What may lie outside its jurisdiction")}>
          {caveat}
        </Wrong>
      )}
      <div className="ds-panels">
        <Facts row={row} />
        <section className="ds-panel ds-stack">
          <h2 className="pf-v6-c-title pf-m-md">{_("What that means")}</h2>
          <p>{stateMeans(state)}</p>
          <p>{kindMeans(row.kind)}</p>
          <p>{classMeans(row.class)}</p>
          <p>{onDevices(row.bytes, row.class)}</p>
          <Command text={commandOf(ceph, "Volumes", [{ tenant, search: name }])} />
        </section>
      </div>
    </>
  );
}

function Wrong(props: { kind: string; title: string; children: string }) {
  return (
    <section
      className={`ds-panel ds-stack ce-verdict ${props.kind === "trouble" ? "ce-bad" : "ce-warning"}`}
      role="alert"
      data-wrong={props.kind}
    >
      <h2 className="pf-v6-c-title pf-m-md">{props.title}</h2>
      <p>{props.children}</p>
    </section>
  );
}

function Facts({ row }: { row: VolumeRow }) {
  const { pool, countedAt, deleteAt } = row;
  const when = (at: string) => format(_("$0, $1"), dateTime(at), relativeTime(at));
  return (
    <section className="ds-panel">
      <h2 className="pf-v6-c-title pf-m-md">{_("The volume")}</h2>
      <dl className="ds-facts">
        <dt>{_("Tenant")}</dt>
        <dd>
          <PageLink page="tenants" at={encodeURIComponent(row.tenant)}>
            {row.tenant}
          </PageLink>
        </dd>
        <dt>{_("Kind")}</dt>
        <dd>{kindName(row.kind)}</dd>
        <dt>{_("Used")}</dt>
        <dd>
          <Use row={row} />
          <div className="ds-subtle">
            {countedAt ? format(_("counted $0"), when(countedAt)) : _("not counted yet")}
          </div>
        </dd>
        <dt>{_("Jurisdiction")}</dt>
        <dd>{row.jurisdiction}</dd>
        <dt>{_("Class")}</dt>
        <dd>
          {row.class}: {className(row.class)}
        </dd>
        <dt>{_("Pool")}</dt>
        <dd className="ce-code">{pool || _("none yet")}</dd>
        {row.key && (
          <>
            <dt>{_("Key in the token")}</dt>
            <dd className="ce-code">{row.key}</dd>
          </>
        )}
        {row.erase && (
          <>
            <dt>{_("To be erased")}</dt>
            <dd>
              {format(
                _("asked by $0, approved by $1: $2"),
                row.erase.by,
                row.erase.approvers.join(", "),
                row.erase.reason,
              )}
            </dd>
          </>
        )}
        <dt>{_("WORM")}</dt>
        <dd>
          {row.worm ? (
            <>
              {row.kind === "file"
                ? format(
                    _("by snapshots, each kept for $0. $1"),
                    ngettext("$0 day", "$0 days", row.retention),
                    snapshotsMean(row.retention),
                  )
                : ngettext(
                    "what is written is held for $0 day, and nobody can shorten that",
                    "what is written is held for $0 days, and nobody can shorten that",
                    row.retention,
                  )}{" "}
              <a href={`${partAddress("worm")}?tenant=${encodeURIComponent(row.tenant)}`}>
                {_("What can be deleted when")}
              </a>
            </>
          ) : (
            _("no: who has the key changes and deletes what is in it")
          )}
        </dd>
        {deleteAt && (
          <>
            <dt>{_("Removed")}</dt>
            <dd className="ce-strong">{when(deleteAt)}</dd>
          </>
        )}
        <dt>{_("Declared")}</dt>
        <dd>{format(_("$0 by $1"), dateTime(row.createdAt), row.createdBy)}</dd>
      </dl>
    </section>
  );
}
