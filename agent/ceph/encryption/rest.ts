/**
 * Whether an OSD's devices are encrypted, as far as the cluster itself can say. ceph-volume keeps
 * the LUKS key of an OSD that it made with --dmcrypt in the monitors' store, under
 * `dm-crypt/osd/<uuid of the OSD>/luks`; names of such keys can be listed without reading one.
 */
import type { RestState } from "./answers.ts";
import type { OsdMetadata } from "./input.ts";

export interface Rest {
  state: RestState;
  why: string;
}

const keyPath = /^dm-crypt\/osd\/([0-9a-f-]{36})\/luks$/;

/** @param keys names in the monitors' store. @returns uuids of OSDs whose LUKS key is there */
export function keptKeys(keys: readonly string[]): Set<string> {
  return new Set(keys.flatMap((key) => keyPath.exec(key)?.[1] ?? []));
}

/** Where BlueStore's parts lie; those of its own for the database and the log are optional. */
const parts = [
  { prefix: "bluestore_bdev", when: undefined, title: "its data" },
  { prefix: "bluefs_db", when: "bluefs_dedicated_db", title: "its database" },
  { prefix: "bluefs_wal", when: "bluefs_dedicated_wal", title: "its log" },
];

/**
 * @param kept whether the monitors keep a LUKS key for it; undefined where they could not be asked
 * @param metadata undefined where it never told
 */
export function restOf(kept: boolean | undefined, metadata: OsdMetadata | undefined): Rest {
  if (metadata === undefined) {
    return { state: "unknown", why: "It did not tell what it stores on." };
  }
  const store = metadata.osd_objectstore;
  if (store === "memstore") {
    return { state: "memory", why: "It stores in memory, and what it holds ends with it." };
  }
  if (store !== "bluestore") {
    return {
      state: "unknown",
      why: `Its object store is ${String(store)}, which is not known here.`,
    };
  }
  if (kept === undefined) {
    return { state: "unknown", why: "The monitors did not tell whose keys they keep." };
  }
  const unmapped = parts.flatMap(({ prefix, when, title }) => {
    if (when !== undefined && metadata[when] !== "1") return [];
    return isMapped(metadata, prefix) ? [] : title;
  });
  if (!kept) {
    return {
      state: "plain",
      why: "The monitors keep no LUKS key for it, so Ceph did not encrypt it; what its disk does by itself cannot be seen from here.",
    };
  }
  if (unmapped.length > 0) {
    return {
      state: "unknown",
      why: `The monitors keep a LUKS key for it, but ${unmapped.join(" and ")} is on no mapped device; look at its host with: ceph-volume lvm list.`,
    };
  }
  return {
    state: "keyKept",
    why: "The monitors keep its LUKS key and it reads through mapped devices; the devices themselves were not looked at.",
  };
}

function isMapped(metadata: OsdMetadata, prefix: string): boolean {
  const named = [`${prefix}_partition_path`, `${prefix}_dev_node`].map((key) => metadata[key]);
  return named.some(
    (value) => typeof value === "string" && /^\/dev\/(dm-\d+|mapper\/.)/.test(value),
  );
}
