/** One key in full: what it is, what its token says of it, and what became of it. */
import { hsm } from "../../../agent/hsm/contract.ts";
import type { KeyDetail } from "../../../agent/hsm/keys/answers.ts";
import { useAccess } from "../../lib/capabilities.tsx";
import { client, listen } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { Command } from "../../lib/help.tsx";
import { useQuery } from "../../lib/hooks.ts";
import { _, dateTime, format, ngettext, relativeTime } from "../../lib/i18n.ts";
import { ButtonMenu } from "../../lib/menu.tsx";
import { PageLink } from "../../lib/page-link.tsx";
import { Failure, Loading, Stale } from "../../lib/states.tsx";
import { partAddress } from "../part.ts";
import { keyMenu } from "./acts.tsx";
import { KeyState } from "./columns.tsx";
import { History } from "./history.tsx";
import { UsePanel } from "./usage.tsx";
import { Versions } from "./versions.tsx";
import {
  algorithmName,
  keyStateMeans,
  protectionMeans,
  protectionName,
  purposeName,
} from "./words.ts";

const everyMs = 30_000;
const changes = (changed: () => void) => listen(hsm, "Changed", changed);

export function KeyPart({ tenant, name }: { tenant: string; name: string }) {
  const query = useQuery(`${tenant}/${name}`, () => client(hsm).Key(tenant, name), {
    ...{ every: everyMs, changes },
  });
  const { data, error } = query;
  return (
    <div className="ds-stack">
      <nav aria-label={_("Way back")}>
        <a href={partAddress("keys")}>{_("All keys")}</a> <span aria-hidden="true">›</span>{" "}
        <a href={`${partAddress("keys")}?tenant=${encodeURIComponent(tenant)}`}>{tenant}</a>{" "}
        <span aria-hidden="true">›</span> {name}
      </nav>
      {data && <Stale error={error} />}
      {data ? (
        <Detail detail={data} />
      ) : error ? (
        <Failure error={error} retry={query.refresh} />
      ) : (
        <Loading />
      )}
    </div>
  );
}

function Detail({ detail }: { detail: KeyDetail }) {
  const { row, record, held, troubles } = detail;
  const access = useAccess();
  const { tenant, name } = row;
  return (
    <>
      <div className="ds-job-head">
        <h2 className="pf-v6-c-title pf-m-lg">{name}</h2>
        <KeyState row={row} />
        <ButtonMenu label={_("Actions")} entries={keyMenu(row, access)} />
        <span className="ds-grow" />
        <PageLink page="audit" at={`?object=${encodeURIComponent(name)}`}>
          {_("All of it on record")}
        </PageLink>
      </div>
      <Troubles sentences={troubles} />
      <div className="ds-panels">
        <Facts detail={detail} />
        <section className="ds-panel ds-stack">
          <h2 className="pf-v6-c-title pf-m-md">{_("What it may be used for")}</h2>
          <p>{keyStateMeans(row.state)}</p>
          <p>{protectionMeans(row.protection)}</p>
          <Command text={commandOf(hsm, "Key", [tenant, name])} />
        </section>
      </div>
      <UsePanel tenant={tenant} name={name} />
      <Versions record={record} held={held} />
      <History rows={record.history} />
    </>
  );
}

function Troubles({ sentences }: { sentences: readonly string[] }) {
  if (sentences.length === 0) return null;
  return (
    <div className="hsm-trouble ds-stack" role="alert" data-troubles={sentences.length}>
      {sentences.map((sentence) => (
        <p key={sentence} className="ds-bad">
          {sentence}
        </p>
      ))}
    </div>
  );
}

function Facts({ detail: { row } }: { detail: KeyDetail }) {
  const { rotateDays, rotateAt, expireAt, activateAt, destroyAt } = row;
  const when = (at: string) => format(_("$0, $1"), dateTime(at), relativeTime(at));
  return (
    <section className="ds-panel">
      <h2 className="pf-v6-c-title pf-m-md">{_("The key")}</h2>
      <dl className="ds-facts">
        <dt>{_("Tenant")}</dt>
        <dd>{row.tenant}</dd>
        <dt>{_("Algorithm")}</dt>
        <dd>
          {algorithmName(row.algorithm)}, {purposeName(row.purpose)}
        </dd>
        <dt>{_("Protection")}</dt>
        <dd>{protectionName(row.protection)}</dd>
        <dt>{_("Token")}</dt>
        <dd>
          <a href={`${partAddress("tokens")}?text=${encodeURIComponent(row.token)}`}>{row.token}</a>
        </dd>
        <dt>{_("Region")}</dt>
        <dd>{row.region}</dd>
        {activateAt && (
          <>
            <dt>{_("Usable from")}</dt>
            <dd>{when(activateAt)}</dd>
          </>
        )}
        <dt>{_("Rotation")}</dt>
        <dd>
          {rotateDays ? ngettext("every $0 day", "every $0 days", rotateDays) : _("only by hand")}
          {rotateAt && <div className="ds-subtle">{format(_("next $0"), when(rotateAt))}</div>}
        </dd>
        <dt>{_("Expires")}</dt>
        <dd>{expireAt ? when(expireAt) : _("never")}</dd>
        {destroyAt && (
          <>
            <dt>{_("Destroyed")}</dt>
            <dd className="hsm-weak">{when(destroyAt)}</dd>
          </>
        )}
        <dt>{_("Made")}</dt>
        <dd>{format(_("$0 by $1"), dateTime(row.createdAt), row.createdBy)}</dd>
      </dl>
    </section>
  );
}
