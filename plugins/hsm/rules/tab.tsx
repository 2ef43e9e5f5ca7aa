/** Where a tenant's keys may live and be used, which keys break that, and why. */
import GlobeIcon from "@patternfly/react-icons/dist/esm/icons/globe-icon";
import { hsm } from "../../../agent/hsm/contract.ts";
import type { RulesAnswer } from "../../../agent/hsm/jurisdiction/members.ts";
import { ActionButton } from "../../lib/action-button.tsx";
import { useAccess } from "../../lib/capabilities.tsx";
import { client, listen } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { showDialog } from "../../lib/dialog.tsx";
import { useQuery } from "../../lib/hooks.ts";
import { _, dateTime, format, ngettext, number } from "../../lib/i18n.ts";
import { first, go, type Place } from "../../lib/location.ts";
import { Failure, Loading, Nothing, Stale } from "../../lib/states.tsx";
import { Table } from "../../lib/table.tsx";
import { TenantFilterField } from "../../lib/tenant-field.tsx";
import { keyAddress } from "../keys/view.ts";
import type { Part, PartProps } from "../part.ts";
import { EditRulesDialog } from "./edit.tsx";
import { Why } from "./why.tsx";

const everyMs = 60_000;
const changes = (changed: () => void) => listen(hsm, "Changed", changed);

function RulesTab({ place, drivers }: PartProps) {
  const tenant = first(place, "tenant").slice(0, 100);
  return (
    <div className="ds-stack">
      <div className="ds-toolbar">
        <TenantFilterField
          label={_("Tenant")}
          placeholder={_("Name of a tenant")}
          tenant={tenant}
          change={(name) => go(["rules"], { tenant: [name] })}
        />
      </div>
      {tenant === "" ? (
        <Nothing title={_("Whose rules?")} icon={GlobeIcon}>
          {_(
            "Rules say in which regions a tenant’s keys may live, and in which they may be used. Type the tenant’s name above.",
          )}
        </Nothing>
      ) : (
        <OfTenant
          key={tenant}
          tenant={tenant}
          place={place}
          regions={drivers.rows.map(({ region }) => region)}
        />
      )}
    </div>
  );
}

interface OfTenantProps {
  tenant: string;
  place: Place;
  regions: readonly string[];
}

function OfTenant({ tenant, place, regions }: OfTenantProps) {
  const query = useQuery(tenant, () => client(hsm).Rules(tenant), { every: everyMs, changes });
  const { data, error } = query;
  if (!data) return error ? <Failure error={error} retry={query.refresh} /> : <Loading />;
  const { rules, jurisdiction, nodeRegion } = data;
  const known = new Set([...rules.live, ...rules.use, jurisdiction, nodeRegion, ...regions]);
  return (
    <>
      <Stale error={error} />
      <Rules answer={data} />
      <Breaking answer={data} />
      <Why tenant={tenant} place={place} regions={[...known].filter(Boolean).sort()} />
    </>
  );
}

function Rules({ answer }: { answer: RulesAnswer }) {
  const { rules, set, jurisdiction, nodeRegion } = answer;
  return (
    <section className="ds-panel">
      <div className="ds-job-head">
        <h2 className="pf-v6-c-title pf-m-md">{format(_("Rules of $0"), answer.tenant)}</h2>
        <span className="ds-grow" />
        <ActionButton
          variant="secondary"
          why={useAccess().why(hsm, "rules")}
          onClick={() => showDialog(<EditRulesDialog answer={answer} />)}
        >
          {_("Set the rules")}
        </ActionButton>
      </div>
      <dl className="ds-facts hsm-below">
        <dt>{_("Keys may live in")}</dt>
        <dd>{rules.live.join(", ")}</dd>
        <dt>{_("Keys may be used in")}</dt>
        <dd>{rules.use.join(", ")}</dd>
        <dt>{_("Must approve")}</dt>
        <dd>{quorumWords(rules.quorum)}</dd>
        <dt>{_("This node is in")}</dt>
        <dd>{nodeRegion}</dd>
        <dt>{_("Set")}</dt>
        <dd>
          {set
            ? format(_("$0 by $1"), dateTime(set.at), set.by)
            : format(_("by nobody yet, so the tenant’s jurisdiction holds: $0"), jurisdiction)}
        </dd>
      </dl>
    </section>
  );
}

function quorumWords(quorum: RulesAnswer["rules"]["quorum"]): string {
  if (!quorum) return _("one other officer");
  const { needed, approvers } = quorum;
  if (!approvers?.length) return ngettext("$0 other officer", "$0 other officers", needed);
  return format(_("$0 of $1"), number(needed), approvers.join(", "));
}

function Breaking({ answer: { tenant, breaking, unknown } }: { answer: RulesAnswer }) {
  if (unknown) {
    return (
      <p className="ds-bad" role="alert">
        {format(_("Whether keys break the rules is unknown: $0"), unknown)}
      </p>
    );
  }
  if (breaking.length === 0) {
    return <p>{_("No key of the tenant breaks them.")}</p>;
  }
  return (
    <section className="ds-stack" data-breaking={breaking.length}>
      <h2 className="pf-v6-c-title pf-m-md">
        {ngettext(
          "$0 key breaks the rules and cannot be used",
          "$0 keys break the rules and cannot be used",
          breaking.length,
        )}
      </h2>
      <Table
        label={_("Keys that break the rules")}
        columns={[
          {
            key: "key",
            title: _("Key"),
            render: ({ key }) => (
              <a className="ds-name" href={keyAddress(tenant, key)}>
                {key}
              </a>
            ),
          },
          { key: "region", title: _("Region"), render: ({ region }) => region },
          { key: "why", title: _("Why"), wrap: true, render: ({ sentence }) => sentence },
        ]}
        rows={breaking}
        keyOf={({ key }) => key}
      />
    </section>
  );
}

export const rules: Part = {
  key: "rules",
  title: () => _("Rules"),
  help: () => ({
    text: _(
      "Before a token is touched, a table is asked whether the tenant’s rules allow it. The region is bound into everything that is encrypted as well, so that going round the table yields nothing.",
    ),
    commands: [
      commandOf(hsm, "Rules", ["TENANT"]),
      commandOf(hsm, "Decide", ["TENANT", { act: "use", token: "UK" }]),
    ],
  }),
  Body: RulesTab,
};
