/**
 * The CRUSH map as `ceph osd crush dump -f json` prints it, from Ceph 16.2 to 19.2.
 *
 * Weights, `choose_args` and tunables are left out on purpose: they decide how often an item of a
 * bucket is chosen, never that something else is (crush/mapper.c returns items of the bucket alone, and
 * the ids of `choose_args` are only hashed).
 */
import { refuseFalseShadows } from "./shadows.ts";
import {
  list,
  type Members,
  members,
  NotUnderstood,
  natural,
  onlyKnown,
  putOnce,
  text,
  whole,
} from "./shape.ts";

/** A shadow bucket, `name~class`, holds the devices of one class of the bucket before the tilde. */
export interface Bucket {
  /** Below zero. */
  id: number;
  name: string;
  type: number;
  /** Ids of buckets and, from zero on, of OSDs. */
  items: number[];
  shadow: boolean;
}

export interface Rule {
  id: number;
  name: string;
  type: number;
  /** Pools name a rule by this one up to Ceph 16.2. */
  ruleset: number;
  steps: Members[];
}

export interface Crush {
  /** Ids of types by name; 0 is that of OSDs. */
  types: ReadonlyMap<string, number>;
  buckets: ReadonlyMap<number, Bucket>;
  bucketNames: ReadonlyMap<string, Bucket>;
  /** Buckets that have an item, by the item; in each at most once. */
  parents: ReadonlyMap<number, readonly Bucket[]>;
  rules: ReadonlyMap<number, Rule>;
  /** Names of OSDs, where they are in the map. */
  devices: ReadonlyMap<number, string>;
}

const known = {
  map: new Set(["devices", "types", "buckets", "rules", "tunables", "choose_args"]),
  device: new Set(["id", "name", "class"]),
  bucket: new Set(["id", "name", "type_id", "type_name", "weight", "alg", "hash", "items"]),
  item: new Set(["id", "weight", "pos"]),
  rule: new Set(["rule_id", "rule_name", "ruleset", "type", "min_size", "max_size", "steps"]),
};
const algorithms = new Set(["uniform", "list", "tree", "straw", "straw2"]);

/** Many times what a cluster has; tables are as long as the greatest. */
const mostDevice = 1_000_000;

/** @throws NotUnderstood */
export function parseCrush(value: unknown): Crush {
  const map = members(value, "the CRUSH map");
  onlyKnown(map, known.map, "the CRUSH map");
  const types = parseTypes(list(map.types, "types of the CRUSH map"));
  const devices = new Map<number, string>();
  for (const each of list(map.devices, "devices of the CRUSH map")) {
    const device = members(each, "a device of the CRUSH map");
    onlyKnown(device, known.device, "a device of the CRUSH map");
    const id = natural(device.id, "id of a device");
    if (id > mostDevice) throw new NotUnderstood(`a device has the id ${id}`);
    putOnce(devices, id, text(device.name, `name of device ${id}`), "a device");
  }
  const buckets = new Map<number, Bucket>();
  const bucketNames = new Map<string, Bucket>();
  for (const each of list(map.buckets, "buckets of the CRUSH map")) {
    const bucket = parseBucket(each, types);
    putOnce(buckets, bucket.id, bucket, "a bucket's id");
    putOnce(bucketNames, bucket.name, bucket, "a bucket's name");
  }
  const parents = parentsIn(buckets, devices);
  refuseCycles(buckets);
  refuseFalseShadows(buckets, parents);
  const rules = new Map<number, Rule>();
  for (const each of list(map.rules, "rules of the CRUSH map")) {
    const rule = parseRule(each);
    putOnce(rules, rule.id, rule, "a rule's id");
  }
  return { types, buckets, bucketNames, parents, rules, devices };
}

function parseTypes(values: unknown[]): Map<string, number> {
  const types = new Map<string, number>();
  const ids = new Map<number, string>();
  for (const each of values) {
    const type = members(each, "a type of the CRUSH map");
    const id = natural(type.type_id, "id of a type");
    const name = text(type.name, `name of type ${id}`);
    putOnce(types, name, id, "a type's name");
    putOnce(ids, id, name, "a type's id");
  }
  if (!ids.has(0)) throw new NotUnderstood("the CRUSH map has no type of OSDs");
  return types;
}

function parseBucket(value: unknown, types: ReadonlyMap<string, number>): Bucket {
  const bucket = members(value, "a bucket of the CRUSH map");
  const id = whole(bucket.id, "id of a bucket");
  const where = `bucket ${id}`;
  if (id >= 0) throw new NotUnderstood(`${where} has the id of an OSD`);
  onlyKnown(bucket, known.bucket, where);
  const name = text(bucket.name, `name of ${where}`);
  const type = natural(bucket.type_id, `type of ${where}`);
  if (type === 0 || types.get(text(bucket.type_name, `type of ${where}`)) !== type) {
    throw new NotUnderstood(`${where} has a type that the map does not define`);
  }
  if (!algorithms.has(String(bucket.alg))) {
    throw new NotUnderstood(`${where} chooses by an algorithm “${bucket.alg}” of a later Ceph`);
  }
  const items = list(bucket.items, `items of ${where}`).map((each) => {
    const item = members(each, `an item of ${where}`);
    onlyKnown(item, known.item, `an item of ${where}`);
    return whole(item.id, `id of an item of ${where}`);
  });
  if (new Set(items).size !== items.length) throw new NotUnderstood(`${where} has an item twice`);
  return { id, name, type, items, shadow: name.includes("~") };
}

function parentsIn(buckets: Map<number, Bucket>, devices: Map<number, string>) {
  const parents = new Map<number, Bucket[]>();
  for (const bucket of buckets.values()) {
    for (const item of bucket.items) {
      if (!buckets.has(item) && !devices.has(item)) {
        throw new NotUnderstood(`bucket ${bucket.name} has an item ${item} that is not in the map`);
      }
      const above = parents.get(item);
      if (above === undefined) parents.set(item, [bucket]);
      else above.push(bucket);
    }
  }
  return parents;
}

function refuseCycles(buckets: Map<number, Bucket>): void {
  const done = new Set<number>();
  const open = new Set<number>();
  const visit = (bucket: Bucket): void => {
    if (done.has(bucket.id)) return;
    if (open.has(bucket.id)) throw new NotUnderstood(`bucket ${bucket.name} is within itself`);
    open.add(bucket.id);
    for (const item of bucket.items) {
      const inner = buckets.get(item);
      if (inner !== undefined) visit(inner);
    }
    open.delete(bucket.id);
    done.add(bucket.id);
  };
  for (const bucket of buckets.values()) visit(bucket);
}

function parseRule(value: unknown): Rule {
  const rule = members(value, "a rule of the CRUSH map");
  const id = natural(rule.rule_id, "id of a rule");
  onlyKnown(rule, known.rule, `rule ${id}`);
  return {
    id,
    name: text(rule.rule_name, `name of rule ${id}`),
    type: natural(rule.type, `type of rule ${id}`),
    ruleset: rule.ruleset === undefined ? id : natural(rule.ruleset, `ruleset of rule ${id}`),
    steps: list(rule.steps, `steps of rule ${id}`).map((each) =>
      members(each, `a step of rule ${id}`),
    ),
  };
}
