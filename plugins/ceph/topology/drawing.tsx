/** Regions with their sites: where data lies, and whether something is wrong there. */
import { ceph } from "../../../agent/ceph/contract.ts";
import type { TopologyRow } from "../../../agent/ceph/topology/answers.ts";
import { client } from "../../lib/client.ts";
import { useQuery } from "../../lib/hooks.ts";
import { _, format, size } from "../../lib/i18n.ts";
import { Meter } from "../../lib/meter.tsx";
import { Failure, Loading, Stale } from "../../lib/states.tsx";
import { Tag } from "../../lib/tag.tsx";
import { changes, everyMs } from "../changes.ts";
import { underAddress } from "./view.ts";
import { isWhole, typeName, upWords } from "./words.ts";

const sites = {
  ...({ search: "", state: [], under: "", cursor: "", limit: 1000 } as const),
  detail: "sites" as const,
};

export function Drawing() {
  const query = useQuery("sites", () => client(ceph).Topology({ ...sites, state: [] }), {
    ...{ every: everyMs, changes },
  });
  const { data, error } = query;
  if (!data) return error ? <Failure error={error} retry={query.refresh} /> : <Loading rows={3} />;
  const regions = groupsOf(data.rows);
  return (
    <section aria-label={_("Regions and sites")} className="ds-stack">
      <Stale error={error} />
      <div className="ce-regions">
        {regions.map(({ head, sites: inside }) => (
          <article key={head.path} className="ds-panel" data-region={head.name}>
            <div className="ds-job-head">
              <h2 className="pf-v6-c-title pf-m-md">
                <a className="ds-name" href={underAddress(head.path)}>
                  {head.name}
                </a>
              </h2>
              <span className="ce-type">{typeName(head.type)}</span>
            </div>
            <div className="ce-sites">
              {(inside.length > 0 ? inside : [head]).map((site) => (
                <Site key={site.path} site={site} />
              ))}
            </div>
          </article>
        ))}
      </div>
    </section>
  );
}

interface Group {
  head: TopologyRow;
  sites: TopologyRow[];
}

/** What has no region stands by itself: its root, or the OSDs that are nowhere. */
function groupsOf(rows: readonly TopologyRow[]): Group[] {
  const heads = rows.filter(
    ({ type, depth, path }) =>
      type === "region" ||
      (depth === 0 &&
        !rows.some((row) => row.type === "region" && row.path.startsWith(`${path}/`))),
  );
  return heads.map((head) => ({
    head,
    sites: rows.filter(
      ({ type, path }) => type === "datacenter" && path.startsWith(`${head.path}/`),
    ),
  }));
}

function Site({ site }: { site: TopologyRow }) {
  const { name, path, sums, troubles } = site;
  const whole = isWhole(sums);
  return (
    <div className={`ce-site ${whole ? "" : "ce-site-troubled"}`} data-site={name}>
      <div className="ds-job-head">
        <h3 className="ce-subtitle">
          <a className="ds-name" href={underAddress(path)}>
            {name}
          </a>
        </h3>
        <span className="ds-grow" />
        <Tag color={whole ? "green" : sums.up === 0 ? "red" : "orange"}>{upWords(sums)}</Tag>
      </div>
      {sums.totalKiB !== null && sums.usedKiB !== null ? (
        <Meter
          label={format(_("Room in $0"), name)}
          used={sums.usedKiB}
          limit={sums.totalKiB}
          write={size}
        />
      ) : (
        <p className="ds-subtle">{_("How full it is, is unknown.")}</p>
      )}
      {troubles.map((trouble) => (
        <p key={trouble} className="ds-bad">
          {trouble}
        </p>
      ))}
    </div>
  );
}
