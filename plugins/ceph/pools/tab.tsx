/** Pools: what each is for, where its rule reaches, how it is kept, and what puts it at risk. */
import { useMemo } from "react";
import { ceph } from "../../../agent/ceph/contract.ts";
import type { PoolDetail, PoolsPage } from "../../../agent/ceph/pools/answers.ts";
import { Answered } from "../../lib/answered.tsx";
import { useAccess } from "../../lib/capabilities.tsx";
import { client } from "../../lib/client.ts";
import { useColumns } from "../../lib/columns.tsx";
import { commandOf } from "../../lib/command.ts";
import { useQuery } from "../../lib/hooks.ts";
import { _, number, size } from "../../lib/i18n.ts";
import { changeText } from "../../lib/list.ts";
import { Listing } from "../../lib/listing.tsx";
import { Only } from "../../lib/only.tsx";
import { partAddress } from "../../lib/parts.ts";
import { useRowMenu } from "../../lib/row-menu.tsx";
import { Search } from "../../lib/search.tsx";
import { Nothing } from "../../lib/states.tsx";
import { Tag } from "../../lib/tag.tsx";
import { actsChange } from "../actions/changes.ts";
import { poolMenu } from "../actions/menus.tsx";
import { changeWords, comparisonColors, comparisonName } from "../actions/words.ts";
import { changes, everyMs } from "../changes.ts";
import { Facts } from "../facts.tsx";
import { Missing } from "../missing.tsx";
import type { Part, PartProps } from "../part.ts";
import { poolColumns } from "./columns.tsx";
import { Steps } from "./reach.tsx";
import { clearFilters, type PoolsView, pageSizes, poolFilter, readPools } from "./view.ts";

function PoolsTab({ place }: PartProps) {
  const view = useMemo(() => readPools(place), [place]);
  const filter = poolFilter(view);
  const query = useQuery(JSON.stringify(filter), () => client(ceph).Pools(filter), {
    ...{ every: everyMs, changes },
  });
  return (
    <Answered query={query}>
      {(page) => <Pools view={view} page={page} stale={query.loading} />}
    </Answered>
  );
}

function Pools({ view, page, stale }: { view: PoolsView; page: PoolsPage; stale: boolean }) {
  const columns = useMemo(poolColumns, []);
  const shown = useColumns("ceph-pools", columns);
  const access = useAccess();
  const { openMenu, menu } = useRowMenu((pool: PoolDetail) => poolMenu(pool, access));
  if (page.total === 0 && view.text.trim() === "" && !view.troubled) {
    return (
      <section className="ds-panel">
        <Nothing title={_("No pool yet")}>
          {_("Nothing can be stored before there is one.")}
        </Nothing>
      </section>
    );
  }
  return (
    <>
      <Missing sentences={page.missing} />
      <Placed />
      <div className="ds-toolbar">
        <Search
          label={_("Search in pools, rules, flags and jurisdictions")}
          text={view.text}
          maximum={200}
          change={changeText}
        />
        <Only name="troubled" on={view.troubled} label={_("Only those at risk")} />
      </div>
      <Listing
        label={_("Pools")}
        pagesLabel={_("Pages of pools")}
        noMatch={_("No pool matches")}
        clear={clearFilters}
        columns={shown.visible}
        columnMenu={shown.menu}
        page={page}
        keyOf={({ name }) => name}
        view={view}
        sizes={pageSizes}
        stale={stale}
        details={{ name: ({ name }) => name, render: (pool) => <Detail pool={pool} /> }}
        openMenu={openMenu}
      />
      {menu}
    </>
  );
}

/** Pools whose data moves since somebody gave them another rule. */
function Placed() {
  const { data } = useQuery("acts", () => client(ceph).Acts(), {
    ...{ every: everyMs, changes: actsChange },
  });
  const moving = (data?.acts ?? []).filter(
    ({ prediction, comparison }) =>
      prediction.change.what === "rule" && ["waiting", "compared"].includes(comparison.state),
  );
  if (moving.length === 0) return null;
  return (
    <p role="status" data-moving={moving.length}>
      {moving.map(({ id, prediction, comparison }) => (
        <span key={id}>
          {changeWords(prediction.change)}{" "}
          <Tag color={comparisonColors[comparison.state]}>{comparisonName(comparison)}</Tag>{" "}
        </span>
      ))}
      <a href={partAddress("actions")}>{_("What was predicted, and what came")}</a>
    </p>
  );
}

function Detail({ pool }: { pool: PoolDetail }) {
  const { troubles, steps, quotaKiB, quotaObjects, storedKiB, objects } = pool;
  const none = _("none");
  return (
    <div className="ds-stack">
      {troubles.map((trouble) => (
        <p key={trouble} className="ds-bad">
          {trouble}
        </p>
      ))}
      <Facts
        facts={[
          [_("Where copies go"), <Steps key="steps" steps={steps} />],
          [_("Stored"), size(storedKiB)],
          [_("Objects"), number(objects)],
          [_("Quota of bytes"), quotaKiB > 0 ? size(quotaKiB) : none],
          [_("Quota of objects"), quotaObjects > 0 ? number(quotaObjects) : none],
        ]}
      />
    </div>
  );
}

export const pools: Part = {
  key: "pools",
  title: () => _("Pools"),
  help: () => ({
    text: _(
      "A pool keeps what its application stores as copies or as parts of a code, where its placement rule says. Where a rule reaches is found from the CRUSH map and the signed map of jurisdictions, whatever fails: so it is more than what holds data now.",
    ),
    commands: [
      commandOf(ceph, "Pools", [{}]),
      commandOf(ceph, "PredictChange", [{ what: "rule", pool: "POOL", rule: "RULE" }]),
      commandOf(ceph, "SetPoolRule", ["POOL", "RULE", "WHY"]),
      "ceph osd pool ls detail",
      "ceph osd pool autoscale-status",
    ],
  }),
  Body: PoolsTab,
};
