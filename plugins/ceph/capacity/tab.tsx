/** How full the cluster is, when it will be, what a loss would leave, and each pool. */
import { useMemo } from "react";
import type { Capacity } from "../../../agent/ceph/capacity/answers.ts";
import { ceph } from "../../../agent/ceph/contract.ts";
import { Answered } from "../../lib/answered.tsx";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { useQuery } from "../../lib/hooks.ts";
import { _ } from "../../lib/i18n.ts";
import { changeText } from "../../lib/list.ts";
import { Listing } from "../../lib/listing.tsx";
import { Search } from "../../lib/search.tsx";
import { Nothing } from "../../lib/states.tsx";
import { changes, everyMs } from "../changes.ts";
import { Missing } from "../missing.tsx";
import type { Part, PartProps } from "../part.ts";
import { poolColumns } from "./columns.tsx";
import { Forecast, Losses, Room } from "./room.tsx";
import { clearFilters, filterOf, type PoolView, pageSizes, readPoolView } from "./view.ts";

function CapacityTab({ place }: PartProps) {
  const view = useMemo(() => readPoolView(place), [place]);
  const filter = filterOf(view);
  const query = useQuery(JSON.stringify(filter), () => client(ceph).Capacity(filter), {
    ...{ every: everyMs, changes },
  });
  return (
    <Answered query={query}>
      {(data) => (
        <>
          <Missing sentences={data.missing} />
          <div className="ds-panels">
            <Room capacity={data} />
            <Forecast capacity={data} />
          </div>
          <Losses losses={data.losses} />
          <Pools view={view} pools={data.pools} stale={query.loading} />
        </>
      )}
    </Answered>
  );
}

interface PoolsProps {
  view: PoolView;
  pools: Capacity["pools"];
  stale: boolean;
}

function Pools({ view, pools, stale }: PoolsProps) {
  const columns = useMemo(poolColumns, []);
  if (pools.total === 0 && view.text.trim() === "") {
    return (
      <section className="ds-panel">
        <Nothing title={_("No pool yet")}>
          {_("Nothing can be stored before there is one.")}
        </Nothing>
      </section>
    );
  }
  return (
    <section className="ds-stack">
      <h2 className="pf-v6-c-title pf-m-md">{_("Pools")}</h2>
      <div className="ds-toolbar">
        <Search
          label={_("Search in pools, rules and applications")}
          text={view.text}
          maximum={200}
          change={changeText}
        />
      </div>
      <Listing
        label={_("Pools")}
        pagesLabel={_("Pages of pools")}
        noMatch={_("No pool matches")}
        clear={clearFilters}
        columns={columns}
        page={pools}
        keyOf={({ name }) => name}
        view={view}
        sizes={pageSizes}
        stale={stale}
      />
    </section>
  );
}

export const capacity: Part = {
  key: "capacity",
  title: () => _("Capacity"),
  help: () => ({
    text: _(
      "Each byte that is stored takes as many on devices as its pool has copies. Ceph stops writing when one OSD is full, so the room left is what it says of the fullest. Days are told from how the cluster filled until now.",
    ),
    commands: [commandOf(ceph, "Capacity", [{}]), "ceph df detail", "ceph osd df"],
  }),
  Body: CapacityTab,
};
