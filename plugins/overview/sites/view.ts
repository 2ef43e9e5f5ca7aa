/**
 * What the signed map of jurisdictions says of where things stand, beside Ceph's own tree: a host is in a
 * jurisdiction only where every way up from it passes buckets of that one alone, as the proof has it too.
 */
import type { HeldMap } from "../../../agent/ceph/residency/map/answers.ts";
import type { TopologyRow } from "../../../agent/ceph/topology/answers.ts";
import type { ClusterNode } from "../../../agent/cluster/answers.ts";
import type { DriverRow } from "../../../agent/hsm/drivers/answers.ts";
import { _, format, ngettext } from "../../lib/i18n.ts";

export type SignedMap = NonNullable<HeldMap["map"]>;

export interface Host {
  name: string;
  osds: number;
  up: number;
  /** The member of the cluster with this name; undefined where there is none, or it is not known. */
  node: ClusterNode | undefined;
}

export interface Site {
  name: string;
  hosts: Host[];
}

export interface Jurisdiction {
  name: string;
  /** By the map: empty where no bucket of it has a host. */
  sites: Site[];
  /** Clusters and zones elsewhere that may get copies. */
  peers: SignedMap["peers"];
  drivers: DriverRow[];
}

export interface SiteMap {
  jurisdictions: Jurisdiction[];
  /** Sentences about what stands nowhere that is proven. */
  doubts: string[];
}

type Bucket = SignedMap["buckets"][number];
type Row = Pick<TopologyRow, "id" | "name" | "path" | "type" | "site" | "sums">;

export interface Told {
  map: SignedMap;
  /**
   * Of the CRUSH tree down to hosts, and how many OSDs there are in all; undefined where it could not be
   * read. Of one that is not whole nobody knows what is not in it.
   */
  tree: { rows: readonly Row[]; osds: number; whole: boolean } | undefined;
  nodes: readonly ClusterNode[] | undefined;
  drivers: readonly DriverRow[] | undefined;
}

export function siteMap({ map, tree, nodes = [], drivers = [] }: Told): SiteMap {
  const names = [
    ...[...map.buckets, ...map.peers].map(({ jurisdiction }) => jurisdiction),
    ...map.pools.flatMap(({ allowed }) => allowed),
    ...drivers.map(({ region }) => region).filter(Boolean),
  ];
  const jurisdictions = [...new Set(names)].sort().map(
    (name): Jurisdiction => ({
      ...{ name, sites: [] },
      peers: map.peers.filter(({ jurisdiction }) => jurisdiction === name),
      drivers: drivers.filter(({ region }) => region === name),
    }),
  );
  const doubts = tree === undefined ? [] : place(jurisdictions, { map, tree, nodes });
  return { jurisdictions, doubts };
}

interface Placing extends Pick<Told, "map"> {
  tree: NonNullable<Told["tree"]>;
  nodes: readonly ClusterNode[];
}

/** Puts hosts into their sites. @returns what could not be put anywhere, in sentences */
function place(jurisdictions: Jurisdiction[], { map, tree, nodes }: Placing): string[] {
  const { rows, osds, whole } = tree;
  const found = bucketsOf(rows, map.buckets);
  const doubts = [...found.disputes, ...(whole ? found.absent : [])];
  const hosts = new Map<string, Row[]>();
  for (const row of rows) {
    if (row.type === "host") hosts.set(row.name, [...(hosts.get(row.name) ?? []), row]);
  }
  let counted = 0;
  const placed = new Set<string>();
  for (const [name, ways] of hosts) {
    const [first] = ways;
    if (first === undefined) continue;
    counted += first.sums.osds;
    const where = found.above(ways);
    if (typeof where === "string") {
      doubts.push(format(_("Where $0 stands is not proven: $1"), name, where));
      continue;
    }
    placed.add(name);
    const sites = jurisdictions.find((one) => one.name === where.jurisdiction)?.sites;
    const label = first.site || where.name;
    let site = sites?.find((one) => one.name === label);
    if (site === undefined) {
      site = { name: label, hosts: [] };
      sites?.push(site);
    }
    const node = nodes.find((one) => one.name === name);
    site.hosts.push({ name, osds: first.sums.osds, up: first.sums.up, node });
  }
  if (whole && osds > counted) {
    doubts.push(
      ngettext(
        "$0 OSD hangs in no host, so nobody sees here where it stands.",
        "$0 OSDs hang in no host, so nobody sees here where they stand.",
        osds - counted,
      ),
    );
  }
  const unnamed = nodes.filter(({ name }) => !placed.has(name)).map(({ name }) => name);
  if (whole && unnamed.length > 0) {
    doubts.push(
      format(
        _(
          "Of these nodes the map does not say where they stand, since no host of that name is in a bucket of it: $0.",
        ),
        unnamed.slice(0, 100).join(", "),
      ),
    );
  }
  return doubts;
}

/** Buckets of the map as Ceph has them, by number and name, so that no other one is taken for it. */
function bucketsOf(rows: readonly Row[], buckets: readonly Bucket[]) {
  const signed = new Map<number, Bucket>();
  const disputed = new Set<string>();
  const disputes: string[] = [];
  const absent: string[] = [];
  for (const bucket of buckets) {
    const { id, name } = bucket;
    const alike = rows.filter((row) => row.id === id || row.name === name);
    const others = alike.filter((row) => row.id !== id || row.name !== name);
    if (alike.length > others.length && others.length === 0) signed.set(id, bucket);
    for (const { path } of others) disputed.add(path);
    if (others.length > 0) {
      const what = _("The bucket $0 is another one in Ceph than the one that was signed.");
      disputes.push(format(what, name));
    } else if (alike.length === 0) {
      absent.push(format(_("Ceph has no bucket $0, which the map names."), name));
    }
  }
  const byPath = new Map(rows.map((row) => [row.path, row]));

  /** @returns the innermost bucket of the map above a host, or why that is not certain */
  function above(ways: readonly Row[]): Bucket | string {
    const passed: Bucket[] = [];
    for (const { path } of ways) {
      const up = pathsUp(path);
      if (up.some((each) => disputed.has(each))) {
        return _("it is below a bucket that is not the one that was signed.");
      }
      const own = up.flatMap((each) => signed.get(byPath.get(each)?.id ?? 0) ?? []);
      if (own.length === 0) return _("no bucket above it is in the map.");
      passed.push(...own);
    }
    const [innermost] = passed;
    const isOne = new Set(passed.map(({ jurisdiction }) => jurisdiction)).size === 1;
    return innermost && isOne ? innermost : _("buckets above it are in several jurisdictions.");
  }
  return { disputes, absent, above };
}

/** The path of a row, and those of all that it hangs in, from the inside out. */
function pathsUp(path: string): string[] {
  const parts = path.split("/");
  return parts.map((_part, index) => parts.slice(0, parts.length - index).join("/"));
}
