/** A tenant's storage on Ceph: its volumes with what is used of each, and the way to all of it. */
import { useCallback } from "react";
import * as v from "valibot";
import { ceph } from "../../agent/ceph/contract.ts";
import { type VolumeRow, volumeFilterSchema } from "../../agent/ceph/volumes/answers.ts";
import { client, listen } from "../lib/client.ts";
import { useQuery } from "../lib/hooks.ts";
import { _, format, ngettext, size } from "../lib/i18n.ts";
import { Meter } from "../lib/meter.tsx";
import { PageLink } from "../lib/page-link.tsx";
import { Failure, Loading, Stale } from "../lib/states.tsx";

const everyMs = 60_000;
/** The fullest ones; the others are in the list of volumes. */
const mostShown = 5;

export function VolumesPanel({ tenant }: { tenant: string }) {
  const changes = useCallback(
    (changed: () => void) =>
      listen(ceph, "Changed", (what) => what === `volumes ${tenant}` && changed()),
    [tenant],
  );
  const query = useQuery(`volumes ${tenant}`, () => client(ceph).Volumes(filterOf(tenant)), {
    ...{ every: everyMs, changes },
  });
  const { data, error } = query;
  const all = `volumes?tenant=${encodeURIComponent(tenant)}`;
  return (
    <section className="ds-panel ds-stack" data-volumes={data?.total ?? ""}>
      <h2 className="pf-v6-c-title pf-m-md">{_("Volumes on Ceph")}</h2>
      {data && <Stale error={error} />}
      {!data && (error ? <Failure error={error} retry={query.refresh} /> : <Loading rows={2} />)}
      {data && data.total === 0 && <p>{_("It has no volume.")}</p>}
      {data && data.total > 0 && (
        <>
          <p>
            {format(
              _("$0: $1 fit into them, $2 was counted in them."),
              ngettext("$0 volume", "$0 volumes", data.total),
              size(data.bytes / 1024),
              size(data.used / 1024),
            )}
          </p>
          {data.unknown && <p className="ds-bad">{data.unknown}</p>}
          <dl className="ds-facts">
            {data.rows.map((row) => (
              <Volume key={row.name} row={row} />
            ))}
          </dl>
        </>
      )}
      {data && (
        <p>
          <PageLink page="ceph" at={all}>
            {_("All its volumes")}
          </PageLink>
        </p>
      )}
    </section>
  );
}

function filterOf(tenant: string) {
  const filter = { tenant, sort: "used", descending: true, limit: mostShown };
  return v.parse(volumeFilterSchema, filter);
}

function Volume({ row }: { row: VolumeRow }) {
  const { tenant, name, used, bytes, trouble } = row;
  const at = `volumes/${encodeURIComponent(tenant)}/${encodeURIComponent(name)}`;
  return (
    <>
      <dt>
        <PageLink page="ceph" at={at}>
          {name}
        </PageLink>
      </dt>
      <dd data-volume={name}>
        {used < 0 ? (
          format(_("unknown of $0"), size(bytes / 1024))
        ) : (
          <Meter
            label={format(_("Room in volume $0"), name)}
            used={used / 1024}
            limit={bytes / 1024}
            write={size}
          />
        )}
        {trouble && <div className="ds-trouble">{trouble}</div>}
      </dd>
    </>
  );
}
