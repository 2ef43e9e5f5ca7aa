/** Ways out by tiers, mirrors and zones. */
import { type Base, poolOf } from "../ceph-base.ts";
import type { Leak } from "./acts.ts";

export const exits: Leak[] = [
  {
    name: "a cache tier is elsewhere",
    verdict: "violated",
    leave: (base) => {
      Object.assign(poolOf(base, "tenants-uk"), { tiers: [8], read_tier: 8, write_tier: 8 });
      Object.assign(poolOf(base, "tenants-ae"), { tier_of: 4, cache_mode: "writeback" });
    },
  },
  {
    name: "a pool is a tier of one elsewhere",
    verdict: "violated",
    leave: (base) => Object.assign(poolOf(base, "tenants-uk"), { tier_of: 8 }),
  },
  {
    name: "another pool says that it is a tier",
    verdict: "violated",
    leave: (base) => Object.assign(poolOf(base, "tenants-ae"), { tier_of: 4 }),
  },
  {
    name: "a tier's tier is elsewhere",
    verdict: "violated",
    leave: (base) => {
      poolOf(base, "tenants-uk").tiers = [7];
      poolOf(base, "tenants-uk-hdd").tiers = [8];
    },
  },
  {
    name: "a tier is no pool",
    verdict: "unknown",
    leave: (base) => Object.assign(poolOf(base, "tenants-uk"), { write_tier: 66 }),
  },
  {
    name: "a tier has another form",
    verdict: "unknown",
    leave: (base) => Object.assign(poolOf(base, "tenants-uk"), { read_tier: "8" }),
  },
  {
    name: "names and small files are elsewhere",
    verdict: "violated",
    leave: (base) => {
      Object.assign(poolOf(base, "tenants-uk"), {
        application_metadata: { cephfs: { data: "fs" } },
      });
      base.exits.cephfs[0]?.pools.push(4);
    },
  },
  {
    name: "images are mirrored elsewhere",
    verdict: "violated",
    leave: (base) => mirror(base, { mode: "image", peers: ["dubai"] }),
  },
  {
    name: "images are mirrored to a place in another jurisdiction",
    verdict: "violated",
    leave: (base) => {
      base.map.peers.push({ kind: "rbd", name: "dubai", jurisdiction: "AE" });
      mirror(base, { mode: "pool", peers: ["dubai"] });
    },
  },
  {
    name: "a peer of another kind has the name",
    verdict: "violated",
    leave: (base) => {
      base.map.peers.push({ kind: "cephfs", name: "leeds", jurisdiction: "UK" });
      mirror(base, { mode: "pool", peers: ["leeds"] });
    },
  },
  {
    name: "mirroring is on, and nobody said by whom",
    verdict: "unknown",
    leave: (base) => mirror(base, { mode: "image", peers: [] }),
  },
  {
    name: "mirroring has another form",
    verdict: "unknown",
    leave: (base) => mirror(base, { mode: "stream" }),
  },
  {
    name: "images of a namespace are mirrored, and nobody said by whom",
    verdict: "unknown",
    leave: (base) => mirror(base, { namespaces: ["mod-defense"] }),
  },
  {
    name: "its objects may be of images of another pool, which is mirrored",
    verdict: "unknown",
    leave: (base) => {
      Object.assign(poolOf(base, "tenants-uk"), { application_metadata: { rbd: {} } });
      Object.assign(base.exits.rbd.find(({ pool }) => pool === "tenants-uk-ec") ?? {}, {
        ...{ mode: "image", peers: ["dubai"] },
      });
    },
  },
  {
    name: "a client of another jurisdiction may read it",
    verdict: "violated",
    leave: (base) =>
      connect(base, "10.3.0.9", { osd: "allow rw tag cephfs data=x, allow r", mds: "" }),
  },
  {
    name: "a client of another jurisdiction is connected, and nobody told what it may read",
    verdict: "unknown",
    leave: (base) => connect(base, "10.3.0.9", {}),
  },
  {
    name: "a client is connected of whose network nobody said where it is",
    verdict: "unknown",
    leave: (base) => connect(base, "192.0.2.1", { osd: "profile rbd pool=tenants-uk", mds: "" }),
  },
  {
    name: "nobody asked for clients, and networks are named",
    verdict: "unknown",
    leave: (base) => Object.assign(base.map, { networks: [] }),
  },
  {
    name: "nobody asked whether the pool is mirrored",
    verdict: "unknown",
    leave: (base) => base.exits.rbd.splice(0),
  },
  {
    name: "its file system is mirrored elsewhere",
    verdict: "violated",
    leave: (base) => base.exits.cephfs.push({ fileSystem: "uk", pools: [4], peers: ["dubai"] }),
  },
  {
    name: "its file system is not known",
    verdict: "unknown",
    leave: (base) =>
      Object.assign(poolOf(base, "tenants-uk"), {
        application_metadata: { cephfs: { data: "uk" } },
      }),
  },
  {
    name: "nobody asked for file systems",
    verdict: "unknown",
    leave: (base) => Object.assign(base.exits, { cephfs: undefined }),
  },
  {
    name: "a zone elsewhere gets its objects",
    verdict: "violated",
    leave: (base) => {
      Object.assign(poolOf(base, "tenants-uk"), { application_metadata: { rgw: {} } });
      base.exits.rgw.peers.push("dubai");
    },
  },
  {
    name: "a zone elsewhere gets objects, and the pool is of no known use",
    verdict: "violated",
    leave: (base) => {
      Object.assign(poolOf(base, "tenants-uk"), { application_metadata: {} });
      base.exits.rgw.peers.push("dubai");
    },
  },
  {
    name: "nobody asked for zones",
    verdict: "unknown",
    leave: (base) => Object.assign(base.exits, { rgw: undefined }),
  },
  {
    name: "nobody asked for ways out",
    verdict: "unknown",
    leave: (base) => Object.assign(base, { exits: undefined }),
  },
];

function connect(base: Base, address: string, caps: { osd?: string; mds?: string }): void {
  base.map.networks = [
    { cidr: "10.0.0.0/8", jurisdiction: "UK" },
    { cidr: "10.3.0.0/16", jurisdiction: "AE" },
  ];
  base.exits.clients = [{ entity: "client.somebody", address, ...caps }];
}

function mirror({ exits: { rbd } }: Base, change: Record<string, unknown>): void {
  Object.assign(rbd.find(({ pool }) => pool === "tenants-uk") ?? {}, change);
}
