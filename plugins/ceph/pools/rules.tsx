/** Placement rules: what each does, where it reaches, who uses it, and how many fit yet. */
import { useMemo } from "react";
import { ceph } from "../../../agent/ceph/contract.ts";
import type { RuleRow, RulesPage } from "../../../agent/ceph/pools/answers.ts";
import { Answered } from "../../lib/answered.tsx";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { useQuery } from "../../lib/hooks.ts";
import { _, format, ngettext, number } from "../../lib/i18n.ts";
import { changeText } from "../../lib/list.ts";
import { Listing } from "../../lib/listing.tsx";
import { Meter } from "../../lib/meter.tsx";
import { Only } from "../../lib/only.tsx";
import { Search } from "../../lib/search.tsx";
import { changes, everyMs } from "../changes.ts";
import { Facts } from "../facts.tsx";
import { Missing } from "../missing.tsx";
import type { Part, PartProps } from "../part.ts";
import { ruleColumns } from "./columns.tsx";
import { Steps } from "./reach.tsx";
import { clearFilters, pageSizes, type RulesView, readRules, ruleFilter } from "./view.ts";

function RulesTab({ place }: PartProps) {
  const view = useMemo(() => readRules(place), [place]);
  const filter = ruleFilter(view);
  const query = useQuery(JSON.stringify(filter), () => client(ceph).Rules(filter), {
    ...{ every: everyMs, changes },
  });
  return (
    <Answered query={query}>
      {(page) => <Rules view={view} page={page} stale={query.loading} />}
    </Answered>
  );
}

function Rules({ view, page, stale }: { view: RulesView; page: RulesPage; stale: boolean }) {
  const columns = useMemo(ruleColumns, []);
  return (
    <>
      <Missing sentences={page.missing} />
      <Budget page={page} />
      <div className="ds-toolbar">
        <Search
          label={_("Search in rules, steps, pools and jurisdictions")}
          text={view.text}
          maximum={200}
          change={changeText}
        />
        <Only name="unused" on={view.unused} label={_("Only those that no pool uses")} />
      </div>
      <Listing
        label={_("Placement rules")}
        pagesLabel={_("Pages of placement rules")}
        noMatch={_("No rule matches")}
        clear={clearFilters}
        columns={columns}
        page={page}
        keyOf={({ id }) => String(id)}
        view={view}
        sizes={pageSizes}
        stale={stale}
        details={{ name: ({ name }) => name, render: (rule) => <Detail rule={rule} /> }}
      />
    </>
  );
}

function Budget({ page: { count, unused, most } }: { page: RulesPage }) {
  return (
    <section className="ds-panel ds-stack" data-rules={count}>
      <h2 className="pf-v6-c-title pf-m-md">{_("Rules that there are, and that there can be")}</h2>
      <Meter label={_("Placement rules")} used={count} limit={most} write={number} />
      <p className="ds-subtle">
        {ngettext("$0 is used by no pool.", "$0 are used by no pool.", unused)}{" "}
        {_(
          "Tenants share rules: there is one for each jurisdiction and class, and none for each tenant.",
        )}
      </p>
    </section>
  );
}

function Detail({ rule: { steps, problems, pools, poolCount } }: { rule: RuleRow }) {
  const hidden = poolCount - pools.length;
  return (
    <div className="ds-stack">
      {problems.map((problem) => (
        <p key={problem} className="ds-bad">
          {problem}
        </p>
      ))}
      <Facts
        facts={[
          [_("Steps"), <Steps key="steps" steps={steps} />],
          [
            _("Pools that use it"),
            <span key="pools" className="ce-code">
              {pools.join(", ") || _("none")}{" "}
              {hidden > 0 && format(_("and $0 more"), number(hidden))}
            </span>,
          ],
        ]}
      />
    </div>
  );
}

export const rules: Part = {
  key: "rules",
  title: () => _("Placement rules"),
  help: () => ({
    text: _(
      "A placement rule says in steps which OSDs a pool’s copies go to. A cluster takes 256 of them, so tenants share rules. What of a rule is not understood makes it uncertain where it reaches.",
    ),
    commands: [commandOf(ceph, "Rules", [{}]), "ceph osd crush rule dump"],
  }),
  Body: RulesTab,
};
