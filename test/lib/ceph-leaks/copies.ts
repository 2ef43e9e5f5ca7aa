/** Ways out by where copies are now. */
import { type Base, heldBy, pgOf } from "../ceph-base.ts";
import { dubai, type Leak, osd } from "./acts.ts";

export const copies: Leak[] = [
  {
    name: "a group is mapped elsewhere by hand",
    verdict: "violated",
    leave: (base) => base.osdmap.pg_upmap.push({ pgid: "4.3", osds: [0, dubai] }),
  },
  {
    name: "one OSD of a group is exchanged by hand",
    verdict: "violated",
    leave: (base) =>
      base.osdmap.pg_upmap_items.push({ pgid: "4.2", mappings: [{ from: 0, to: dubai }] }),
  },
  {
    name: "a group is led elsewhere by hand",
    verdict: "violated",
    leave: (base) =>
      Object.assign(base.osdmap, { pg_upmap_primaries: [{ pgid: "4.2", primary_osd: dubai }] }),
  },
  {
    name: "a group is elsewhere for the time being",
    verdict: "violated",
    leave: (base) => base.osdmap.pg_temp.push({ pgid: "4.4", osds: [0, dubai] }),
  },
  {
    name: "a group is led elsewhere for the time being",
    verdict: "violated",
    leave: (base) => base.osdmap.primary_temp.push({ pgid: "4.5", osd: dubai }),
  },
  {
    name: "a group is led elsewhere, as Ceph 16.2 prints it",
    verdict: "violated",
    leave: (base) => base.osdmap.primary_temp.push("4.5", dubai),
  },
  {
    name: "a list of groups by hand is missing",
    verdict: "unknown",
    leave: (base) => Object.assign(base.osdmap, { pg_upmap: undefined }),
  },
  {
    name: "a list of groups by hand has another form",
    verdict: "unknown",
    leave: (base) => base.osdmap.pg_upmap_items.push({ pgid: "4.2", mappings: [[0, dubai]] }),
  },
  {
    name: "a group by hand has no name of a group",
    verdict: "unknown",
    leave: (base) => base.osdmap.pg_temp.push({ pgid: "4.0x1", osds: [dubai] }),
  },
  {
    name: "a group's OSD is elsewhere",
    verdict: "violated",
    leave: (base) => pgOf(base, "4.0").acting.splice(0, 1, dubai),
  },
  {
    name: "a group's next OSD is elsewhere",
    verdict: "violated",
    leave: (base) => pgOf(base, "4.0").up.splice(0, 1, dubai),
  },
  {
    name: "a group's leader is elsewhere",
    verdict: "violated",
    leave: (base) => Object.assign(pgOf(base, "4.0"), { acting_primary: dubai }),
  },
  {
    name: "a group's OSD is in no map",
    verdict: "violated",
    leave: (base) => pgOf(base, "4.0").acting.splice(0, 1, 99),
  },
  {
    name: "a shard is elsewhere",
    pool: "tenants-uk-ec",
    verdict: "violated",
    leave: (base) => pgOf(base, "5.1").acting.splice(2, 1, dubai),
  },
  { name: "a group is missing", verdict: "unknown", leave: (base) => drop(base, "4.7") },
  {
    name: "all groups are missing",
    verdict: "unknown",
    leave: (base) => Object.assign(base.pgs, { pg_stats: [] }),
  },
  {
    name: "a group is there that cannot be",
    verdict: "unknown",
    leave: (base) => base.pgs.pg_stats.push({ ...pgOf(base, "4.0"), pgid: "4.8" }),
  },
  {
    name: "a group is there twice",
    verdict: "unknown",
    leave: (base) => base.pgs.pg_stats.push(pgOf(base, "4.0")),
  },
  {
    name: "a group is exchanged for one that cannot be",
    verdict: "unknown",
    leave: (base) => Object.assign(pgOf(base, "4.7"), { pgid: "4.ff" }),
  },
  {
    name: "a group is moving",
    verdict: "unknown",
    leave: (base) => Object.assign(pgOf(base, "4.0"), { state: "active+remapped+backfilling" }),
  },
  {
    name: "a group is clean and moving",
    verdict: "unknown",
    leave: (base) => Object.assign(pgOf(base, "4.0"), { state: "active+clean+remapped" }),
  },
  {
    name: "a group's state is not known",
    verdict: "unknown",
    leave: (base) => Object.assign(pgOf(base, "4.0"), { state: "unknown" }),
  },
  {
    name: "a group's state is of a later Ceph",
    verdict: "unknown",
    leave: (base) => Object.assign(pgOf(base, "4.0"), { state: "active+clean+travelling" }),
  },
  {
    name: "a group has a copy less",
    verdict: "unknown",
    leave: (base) => pgOf(base, "4.0").acting.pop(),
  },
  {
    name: "a group has a hole",
    pool: "tenants-uk-ec",
    verdict: "unknown",
    leave: (base) => pgOf(base, "5.0").acting.splice(1, 1, 2_147_483_647),
  },
  {
    name: "a group has another form",
    verdict: "unknown",
    leave: (base) => Object.assign(pgOf(base, "4.0"), { acting: ["3"] }),
  },
  {
    name: "the manager does not know all groups",
    verdict: "unknown",
    leave: (base) => Object.assign(base.pgs, { pg_ready: false }),
  },
  {
    name: "nobody said where groups are",
    verdict: "unknown",
    leave: (base) => Object.assign(base, { pgs: undefined }),
  },
  {
    name: "an OSD elsewhere has a stray",
    verdict: "violated",
    leave: (base) => heldBy(base, dubai).pgs.push("4.1"),
  },
  {
    name: "an OSD elsewhere has a stray shard",
    pool: "tenants-uk-ec",
    verdict: "violated",
    leave: (base) => heldBy(base, dubai).pgs.push("5.1s2"),
  },
  {
    name: "an OSD elsewhere is out and has data",
    verdict: "violated",
    leave: (base) => {
      Object.assign(osd(base, dubai), { in: 0, weight: 0 });
      heldBy(base, dubai).pgs.push("4.6");
    },
  },
  {
    name: "an OSD elsewhere is destroyed and still answers",
    verdict: "violated",
    leave: (base) => {
      Object.assign(osd(base, dubai), { up: 0, in: 0, state: ["exists", "destroyed"] });
      heldBy(base, dubai).pgs.push("4.6");
    },
  },
  {
    name: "an OSD elsewhere is down, so that it cannot be asked",
    verdict: "unknown",
    leave: (base) => {
      Object.assign(osd(base, dubai), { up: 0, in: 0, state: ["exists"] });
      base.holdings = base.holdings.filter((each) => each.osd !== dubai);
    },
  },
  {
    name: "an OSD that is in no map has data",
    verdict: "violated",
    leave: (base) => base.holdings.push({ osd: 40, pgs: ["4.2"] }),
  },
  {
    name: "an OSD's answer has another form",
    verdict: "unknown",
    leave: (base) => heldBy(base, dubai).pgs.push("temp"),
  },
  {
    name: "an OSD answers twice",
    verdict: "unknown",
    leave: (base) => base.holdings.push({ osd: dubai, pgs: [] }),
  },
  {
    name: "no OSD was asked",
    verdict: "unknown",
    leave: (base) => Object.assign(base, { holdings: undefined }),
  },
  {
    name: "an OSD is in the map of OSDs and in no tree",
    verdict: "unknown",
    leave: (base) => base.osdmap.osds.push({ ...osd(base, dubai), osd: 8 }),
  },
];

function drop({ pgs }: Base, name: string): void {
  pgs.pg_stats = pgs.pg_stats.filter(({ pgid }) => pgid !== name);
}
