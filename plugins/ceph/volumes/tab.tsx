/** Volumes of all tenants or of one: a list, and each in full at an address of its own. */
import { useMemo } from "react";
import { ceph } from "../../../agent/ceph/contract.ts";
import type { VolumePage, VolumeRow } from "../../../agent/ceph/volumes/answers.ts";
import { ActionButton } from "../../lib/action-button.tsx";
import { useAccess } from "../../lib/capabilities.tsx";
import { client } from "../../lib/client.ts";
import { useColumns } from "../../lib/columns.tsx";
import { commandOf } from "../../lib/command.ts";
import { useQuery } from "../../lib/hooks.ts";
import { _, ngettext } from "../../lib/i18n.ts";
import { Listing } from "../../lib/listing.tsx";
import { ButtonMenu } from "../../lib/menu.tsx";
import { useLoaded } from "../../lib/parts.ts";
import { useSelection } from "../../lib/preferences.ts";
import { useRowMenu } from "../../lib/row-menu.tsx";
import { Failure, Loading, Stale } from "../../lib/states.tsx";
import type { Part, PartProps } from "../part.ts";
import { bulkMenu, volumeMenu } from "./acts.tsx";
import { changes, everyMs } from "./changes.ts";
import { volumeColumns } from "./columns.tsx";
import { NoVolume } from "./empty.tsx";
import { Erasures } from "./erasures.tsx";
import { openDialog } from "./open.tsx";
import { Strays, Sums, Unknown } from "./sums.tsx";
import { Toolbar } from "./toolbar.tsx";
import {
  clearFilters,
  filterOf,
  isFiltered,
  keyOf,
  pageSizes,
  readVolumeView,
  type VolumeView,
} from "./view.ts";
import "./volumes.css";

/** One volume in full is looked at more rarely than the list. */
const whole = { load: async () => (await import("./volume.tsx")).VolumePart };

function VolumesTab({ place }: PartProps) {
  const [, tenant, name] = place.path;
  const isOne = Boolean(tenant && name);
  const { value: VolumePart, error, again } = useLoaded(isOne ? whole : undefined);
  if (!tenant || !name) return <VolumeList place={place} />;
  if (error) return <Failure error={error} retry={again} />;
  if (!VolumePart) return <Loading />;
  return <VolumePart key={`${tenant}/${name}`} tenant={tenant} name={name} />;
}

function VolumeList({ place }: Pick<PartProps, "place">) {
  const view = useMemo(() => readVolumeView(place), [place]);
  const filter = filterOf(view);
  const query = useQuery(JSON.stringify(filter), () => client(ceph).Volumes(filter), {
    ...{ every: everyMs, changes },
  });
  const { data, error } = query;
  if (!data) return error ? <Failure error={error} retry={query.refresh} /> : <Loading />;
  return (
    <div className="ds-stack">
      <Stale error={error} />
      <Unknown sentence={data.unknown} />
      <Found view={view} page={data} stale={query.loading} />
      {view.tenant && <Erasures key={view.tenant} tenant={view.tenant} />}
      <Strays sentences={data.strays} />
    </div>
  );
}

interface FoundProps {
  view: VolumeView;
  page: VolumePage;
  stale: boolean;
}

function Found({ view, page, stale }: FoundProps) {
  const access = useAccess();
  const columns = useMemo(volumeColumns, []);
  const shown = useColumns("volumes", columns);
  const { openMenu, menu } = useRowMenu((row: VolumeRow) => volumeMenu(row, access));
  const selection = useSelection();
  const chosen = page.rows.filter((row) => selection.chosen.has(keyOf(row)));
  const create = (
    <ActionButton
      why={access.why(ceph, "storage")}
      onClick={() =>
        openDialog(({ CreateVolumeDialog }) => <CreateVolumeDialog tenant={view.tenant} />)
      }
    >
      {_("Make a volume")}
    </ActionButton>
  );
  if (page.total === 0 && !isFiltered(view)) return <NoVolume create={create} />;
  return (
    <>
      <Toolbar view={view} jurisdictions={page.rows.map(({ jurisdiction }) => jurisdiction)}>
        {chosen.length > 0 && (
          <ButtonMenu
            label={ngettext("$0 chosen", "$0 chosen", chosen.length)}
            entries={bulkMenu(chosen, access)}
          />
        )}
        {create}
      </Toolbar>
      <Sums page={page} />
      <Listing
        label={_("Volumes")}
        pagesLabel={_("Pages of volumes")}
        noMatch={_("No volume matches")}
        clear={clearFilters}
        columns={shown.visible}
        columnMenu={shown.menu}
        page={page}
        keyOf={keyOf}
        view={view}
        sizes={pageSizes}
        stale={stale}
        selection={selection}
        openMenu={openMenu}
      />
      {menu}
    </>
  );
}

export const volumes: Part = {
  key: "volumes",
  title: () => _("Volumes"),
  help: () => ({
    text: _(
      "What tenants store: declared on the tenant, made in a pool of its jurisdiction and class, opened by its key alone. The agent looks every minute whether it is still so. Deleting waits 7 to 30 days and needs a second person.",
    ),
    commands: [
      commandOf(ceph, "Volumes", [{}]),
      "dsecos ceph create-volume TENANT --name NAME --size 10GiB",
      commandOf(ceph, "ResizeVolume", ["TENANT", "NAME", "20GiB"]),
      commandOf(ceph, "DeleteVolume", ["TENANT", "NAME", 30]),
      commandOf(ceph, "VolumeAccess", ["TENANT", "NAME"]),
    ],
  }),
  Body: VolumesTab,
};
