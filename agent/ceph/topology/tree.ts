/** The CRUSH tree with its OSDs: the state of each, and sums for each bucket. */
import type { OsdState, Sums, TopologyRow } from "./answers.ts";
import type { OsdOfMap, TopologyInput } from "./input.ts";

/** What stands in the place of a bucket's name for OSDs that hang in none. */
export const nowhere = "(in no bucket)";

/** A tree deeper than this is a loop, which Ceph refuses; a file that somebody wrote may have one. */
const deepest = 32;

const fixedPoint = 65_536;

export const noSums: Sums = {
  ...{ osds: 0, up: 0, in: 0, destroyed: 0, weight: 0, pgs: null, commitLatencyMs: null },
  ...{ totalKiB: null, usedKiB: null, availableKiB: null },
};

function plus(one: number | null, other: number | null): number | null {
  return one === null ? other : other === null ? one : one + other;
}

function addTo(sums: Sums, more: Sums): void {
  sums.osds += more.osds;
  sums.up += more.up;
  sums.in += more.in;
  sums.destroyed += more.destroyed;
  sums.weight += more.weight;
  sums.totalKiB = plus(sums.totalKiB, more.totalKiB);
  sums.usedKiB = plus(sums.usedKiB, more.usedKiB);
  sums.availableKiB = plus(sums.availableKiB, more.availableKiB);
  sums.pgs = plus(sums.pgs, more.pgs);
  if (more.commitLatencyMs !== null) {
    sums.commitLatencyMs = Math.max(sums.commitLatencyMs ?? 0, more.commitLatencyMs);
  }
}

export function stateOf({ up, in: placed, state }: OsdOfMap): OsdState {
  if (state.includes("destroyed")) return "destroyed";
  if (up === 1) return placed === 1 ? "up" : "out";
  return placed === 1 ? "down" : "downAndOut";
}

const troubleOf: Record<OsdState, readonly string[]> = {
  up: [],
  down: [
    "It does not answer; its copies are missing until it comes back or is marked out. Look at its host and at the journal of its ceph-osd unit.",
  ],
  out: ["No data is placed on it; what it holds moves away. Mark it in again, or remove it."],
  downAndOut: [
    "It does not answer and no data is placed on it any more; repair it, or destroy it for good.",
  ],
  destroyed: ["It was destroyed; put a new device in its place, or purge its id."],
};

type Above = Pick<TopologyRow, "region" | "site" | "host">;

interface Walk {
  items: Map<number, TopologyInput["crush"]["buckets"][number]>;
  osdRow: (id: number, weight: number, at: Above & { path: string; depth: number }) => TopologyRow;
  rows: TopologyRow[];
}

/** Rows from the root down, each bucket before what is in it; a device in two buckets comes twice. */
export function buildTree(input: TopologyInput): { rows: TopologyRow[]; sums: Sums } {
  // What Ceph derives from a bucket for one device class holds the same OSDs once more.
  const buckets = input.crush.buckets.filter(({ name }) => !name.includes("~"));
  const items = new Map(buckets.map((bucket) => [bucket.id, bucket]));
  const inside = new Set(buckets.flatMap((bucket) => bucket.items.map(({ id }) => id)));
  const walk: Walk = { items, osdRow: osdRows(input), rows: [] };
  const roots = buckets.filter(({ id }) => !inside.has(id));
  const none = { region: "", site: "", host: "" };
  for (const root of roots.sort(byName)) visit(root.id, 0, "", 0, none, walk);
  const stray = input.osds.filter(({ osd }) => !inside.has(osd));
  if (stray.length > 0) strays(stray, walk);
  const sums = { ...noSums };
  const counted = new Set<number>();
  for (const { id, osd, sums: own } of walk.rows) {
    if (osd === undefined || id === null || counted.has(id)) continue;
    counted.add(id);
    addTo(sums, own);
  }
  return { rows: walk.rows, sums };
}

function byName(one: { name: string }, other: { name: string }): number {
  return one.name < other.name ? -1 : 1;
}

function osdRows({ osds, crush, use, latency }: TopologyInput): Walk["osdRow"] {
  const ofMap = new Map(osds.map((osd) => [osd.osd, osd]));
  const classes = new Map(crush.devices.map(({ id, class: name }) => [id, name ?? ""]));
  const uses = new Map(use.map((one) => [one.id, one]));
  const latencies = new Map(latency.map((one) => [one.id, one]));
  return (id, weight, { path, depth, region, site, host }) => {
    const osd = ofMap.get(id);
    const state = osd === undefined ? "destroyed" : stateOf(osd);
    const used = uses.get(id);
    // A manager remembers the figures of an OSD that went: those of one that is down are old.
    const slow = state === "up" || state === "out" ? latencies.get(id) : undefined;
    const troubles =
      osd === undefined
        ? ["The CRUSH map places data on it and there is no such OSD; remove it from the map."]
        : [...troubleOf[state]];
    const told = used !== undefined && used.kb > 0;
    return {
      ...{ path, id, name: `osd.${id}`, type: "osd", depth, region, site, host, troubles },
      sums: {
        osds: 1,
        up: osd?.up === 1 ? 1 : 0,
        in: osd?.in === 1 ? 1 : 0,
        destroyed: state === "destroyed" ? 1 : 0,
        weight,
        totalKiB: told ? used.kb : null,
        usedKiB: told ? used.kb_used : null,
        availableKiB: told ? used.kb_avail : null,
        pgs: used?.pgs ?? null,
        commitLatencyMs: slow?.commitLatencyMs ?? null,
      },
      osd: {
        state,
        deviceClass: classes.get(id) ?? "",
        reweight: osd?.weight ?? 0,
        applyLatencyMs: slow?.applyLatencyMs ?? null,
      },
    };
  };
}

/** @returns the sums of what was added to the rows */
function visit(
  id: number,
  weight: number,
  parent: string,
  depth: number,
  above: Above,
  walk: Walk,
): Sums {
  const bucket = walk.items.get(id);
  if (bucket === undefined) {
    const row = walk.osdRow(id, weight / fixedPoint, {
      ...{ ...above, path: `${parent}/osd.${id}`, depth },
    });
    walk.rows.push(row);
    return row.sums;
  }
  const path = parent === "" ? bucket.name : `${parent}/${bucket.name}`;
  const here = placeOf(above, bucket);
  const sums = { ...noSums };
  const { name, type_name: type } = bucket;
  walk.rows.push({ ...{ path, id, name, type, depth, ...here, sums, troubles: [] } });
  if (depth >= deepest) return sums;
  const children = bucket.items.some((item) => walk.items.has(item.id))
    ? bucket.items.toSorted((one, other) => order(one.id, other.id, walk))
    : bucket.items.toSorted((one, other) => one.id - other.id);
  for (const child of children) {
    addTo(sums, visit(child.id, child.weight, path, depth + 1, here, walk));
  }
  return sums;
}

function placeOf(above: Above, { name, type_name }: { name: string; type_name: string }): Above {
  if (type_name === "region") return { ...above, region: name };
  if (type_name === "datacenter") return { ...above, site: name };
  return type_name === "host" ? { ...above, host: name } : above;
}

function order(one: number, other: number, { items }: Walk): number {
  const [a, b] = [items.get(one), items.get(other)];
  return a !== undefined && b !== undefined ? byName(a, b) : one - other;
}

function strays(osds: readonly OsdOfMap[], { rows, osdRow }: Walk): void {
  const sums = { ...noSums };
  const above = { region: "", site: "", host: "" };
  const count = osds.length;
  const trouble = `${count === 1 ? "An OSD hangs" : `${count} OSDs hang`} in no bucket, so no place is known for what is on ${count === 1 ? "it" : "them"}; move ${count === 1 ? "it" : "each"} to its host with: ceph osd crush move.`;
  const head = { path: nowhere, id: null, name: nowhere, type: "none", depth: 0 };
  rows.push({ ...head, ...above, sums, troubles: [trouble] });
  for (const { osd } of osds) {
    const row = osdRow(osd, 0, { ...above, path: `${nowhere}/osd.${osd}`, depth: 1 });
    addTo(sums, row.sums);
    rows.push(row);
  }
}
