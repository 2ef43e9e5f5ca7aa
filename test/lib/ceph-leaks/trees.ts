/** Ways out by the CRUSH tree. */
import { type Base, bucketOf, link, ruleOf, unlink } from "../ceph-base.ts";
import { dubai, type Leak, region, retake } from "./acts.ts";

export const trees: Leak[] = [
  {
    name: "a host is moved",
    verdict: "violated",
    leave: (base) => move(base, -21, "london", "dubai"),
  },
  {
    name: "a data centre is moved",
    verdict: "violated",
    leave: (base) => move(base, -4, "uk", "ae"),
  },
  {
    name: "an OSD is moved",
    verdict: "violated",
    leave: (base) => move(base, 0, "lon-01", "fra-01"),
  },
  {
    name: "a foreign host is moved in",
    verdict: "violated",
    leave: (base) => link(base, -29, "london"),
  },
  {
    name: "a foreign OSD is moved in",
    verdict: "violated",
    leave: (base) => link(base, dubai, "lon-01"),
  },
  {
    name: "a host hangs in two trees",
    verdict: "violated",
    leave: (base) => link(base, -21, "dubai"),
  },
  {
    name: "a host hangs in a tree of nobody, too",
    verdict: "violated",
    leave: (base) => {
      base.crush.buckets.push({
        ...bucketOf(base, "default"),
        id: -99,
        name: "archive",
        items: [],
      });
      link(base, -21, "archive");
    },
  },
  {
    name: "a host hangs beside all regions",
    verdict: "violated",
    leave: (base) => move(base, -21, "london", "default"),
  },
  {
    name: "an OSD is taken out of the tree while it has data",
    verdict: "violated",
    leave: (base) => move(base, 0, "lon-01"),
  },
  {
    name: "a jurisdiction is put within another",
    verdict: "violated",
    leave: (base) => move(base, -5, "default", "eu"),
  },
  { name: "a region is renamed", verdict: "unknown", leave: (base) => rename(base, "uk", "gb") },
  {
    name: "two regions exchange their names",
    verdict: "unknown",
    leave: (base) => {
      const [uk, ae] = [bucketOf(base, "uk"), bucketOf(base, "ae")];
      [uk.name, ae.name] = ["ae", "uk"];
      Object.assign(ruleOf(base, region).steps[0] ?? {}, { item_name: "ae" });
    },
  },
  {
    name: "a region is made anew under its name",
    verdict: "unknown",
    leave: (base) => {
      bucketOf(base, "uk").id = -98;
      unlink(base, -5, "default");
      link(base, -98, "default");
      retake(base, -98, "uk");
    },
  },
  {
    name: "devices of one class are said to be elsewhere than they are",
    pool: "tenants-uk-hdd",
    verdict: "violated",
    leave: (base) => {
      // As whoever edits a compiled map could: both trees agree with each other.
      link(base, dubai, "lon-01~hdd");
      link(base, dubai, "lon-01");
    },
  },
  {
    name: "a shadow holds what its bucket does not",
    pool: "tenants-uk-hdd",
    verdict: "unknown",
    leave: (base) => link(base, dubai, "lon-01~hdd"),
  },
  {
    name: "a bucket is within itself",
    verdict: "unknown",
    leave: (base) => link(base, -5, "lon-01"),
  },
  {
    name: "two buckets have one name",
    verdict: "unknown",
    leave: (base) => rename(base, "frankfurt", "london"),
  },
  {
    name: "two buckets have one id",
    verdict: "unknown",
    leave: (base) => Object.assign(bucketOf(base, "fra-01"), { id: -21 }),
  },
  {
    name: "a bucket has an item that is not there",
    verdict: "unknown",
    leave: (base) => link(base, -77, "london"),
  },
  {
    name: "a bucket has an OSD that is not there",
    verdict: "unknown",
    leave: (base) => link(base, 77, "lon-01"),
  },
  {
    name: "a bucket has an item twice",
    verdict: "unknown",
    leave: (base) => link(base, -21, "london"),
  },
  {
    name: "a bucket chooses by a later algorithm",
    verdict: "unknown",
    leave: (base) => Object.assign(bucketOf(base, "uk"), { alg: "straw3" }),
  },
  {
    name: "a bucket is of a type that is not defined",
    verdict: "unknown",
    leave: (base) => Object.assign(bucketOf(base, "uk"), { type_id: 12 }),
  },
  {
    name: "a bucket has a member of a later Ceph",
    verdict: "unknown",
    leave: (base) => Object.assign(bucketOf(base, "uk"), { remote: true }),
  },
  {
    name: "the CRUSH map has a member of a later Ceph",
    verdict: "unknown",
    leave: (base) => Object.assign(base.crush, { remotes: [] }),
  },
];

/** In both trees, as Ceph does it. */
function move(base: Base, item: number, from: string, to?: string): void {
  const shadow =
    item >= 0
      ? item
      : bucketOf(base, `${base.crush.buckets.find(({ id }) => id === item)?.name}~hdd`).id;
  for (const [what, tree] of [
    [item, ""],
    [shadow, "~hdd"],
  ] as const) {
    unlink(base, what, from + tree);
    if (to !== undefined) link(base, what, to + tree);
  }
}

/** With what rules say of it, as Ceph prints them. */
function rename(base: Base, from: string, to: string): void {
  bucketOf(base, from).name = to;
  for (const { steps } of base.crush.rules) {
    for (const each of steps) if (each.item_name === from) each.item_name = to;
  }
}
