/** Ways out by names, and forms of a later Ceph. */
import { poolOf } from "../ceph-base.ts";
import { type Leak, osd } from "./acts.ts";

export const names: Leak[] = [
  {
    name: "a pool is renamed, and another has its name",
    verdict: "unknown",
    leave: (base) => {
      poolOf(base, "tenants-uk").pool_name = "old";
      poolOf(base, "tenants-ae").pool_name = "tenants-uk";
    },
  },
  { name: "a pool is gone", verdict: "unknown", leave: (base) => base.osdmap.pools.splice(3, 1) },
  {
    name: "two pools have one name",
    verdict: "unknown",
    leave: (base) => Object.assign(poolOf(base, "tenants-ae"), { pool_name: "tenants-uk" }),
  },
  {
    name: "two pools have one id",
    verdict: "unknown",
    leave: (base) => Object.assign(poolOf(base, "tenants-ae"), { pool: 4 }),
  },
  {
    name: "a pool has a member of a later Ceph",
    verdict: "unknown",
    leave: (base) => Object.assign(poolOf(base, "tenants-uk"), { replicate_to: "x" }),
  },
  {
    name: "the map has a member of a later Ceph",
    verdict: "unknown",
    leave: (base) => Object.assign(base.osdmap, { pg_borrowed: [] }),
  },
  {
    name: "the map is of another cluster",
    verdict: "unknown",
    leave: (base) => Object.assign(base.osdmap, { fsid: "00000000-0000-4000-8000-000000000000" }),
  },
  {
    name: "an OSD is there twice",
    verdict: "unknown",
    leave: (base) => base.osdmap.osds.push({ ...osd(base, 0) }),
  },
];
