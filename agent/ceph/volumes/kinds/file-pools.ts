/** Pools that have the content of file volumes, and the file system that uses them. */
import * as v from "valibot";
import { DsecosError } from "../../../bus/errors.ts";
import type { Ceph } from "../../link/types.ts";
import type { StorageClass } from "../classes.ts";
import { staysIn } from "../places.ts";
import type { Place, Pools } from "../pools.ts";

const fileSystemsSchema = v.array(
  v.object({ name: v.string(), metadata_pool: v.string(), data_pools: v.array(v.string()) }),
);
export type FileSystem = v.InferOutput<typeof fileSystemsSchema>[number];

/** Name of the file system that is ours where a cluster has several. */
const ownFileSystem = "dsecos";

export interface FilePlace {
  fileSystem: string;
  pool: string;
  caveat: string;
}

export class FilePools {
  readonly #parts: { ceph: Pick<Ceph, "mon">; pools: Pools };
  #fileSystem: Promise<FileSystem> | undefined;
  /** By pool; so that it is added once. */
  readonly #ready = new Map<string, Promise<FilePlace>>();

  constructor(parts: { ceph: Pick<Ceph, "mon">; pools: Pools }) {
    this.#parts = parts;
  }

  forget(): void {
    this.#fileSystem = undefined;
    this.#ready.clear();
  }

  fileSystem(): Promise<FileSystem> {
    this.#fileSystem ??= findFileSystem(this.#parts.ceph);
    return this.#fileSystem;
  }

  ready(jurisdiction: string, storageClass: StorageClass): Promise<FilePlace> {
    const id = `${jurisdiction} ${storageClass}`;
    const known = this.#ready.get(id);
    if (known !== undefined) return known;
    const place = this.#make(jurisdiction, storageClass);
    this.#ready.set(id, place);
    return place;
  }

  async #make(jurisdiction: string, storageClass: StorageClass): Promise<FilePlace> {
    const { ceph, pools } = this.#parts;
    const fileSystem = await this.fileSystem();
    const place = await pools.ready(jurisdiction, storageClass, "file");
    const { pool } = place;
    if (!fileSystem.data_pools.includes(pool)) {
      // A pool that a file system uses cannot be deleted; this holds before that, too.
      await ceph.mon("osd pool set", { pool, var: "nodelete", val: "true" });
      await ceph.mon("fs add_data_pool", { fs_name: fileSystem.name, pool });
    }
    return { fileSystem: fileSystem.name, pool, caveat: caveatOf(fileSystem, place, jurisdiction) };
  }
}

/** @throws Conflict where there is none, or nobody can say which is meant */
async function findFileSystem(ceph: Pick<Ceph, "mon">): Promise<FileSystem> {
  const found = v.parse(fileSystemsSchema, await ceph.mon("fs ls"));
  const [only, ...more] = found;
  const own = found.find(({ name }) => name === ownFileSystem);
  if (own !== undefined) return own;
  if (only !== undefined && more.length === 0) return only;
  const what =
    only === undefined
      ? `The cluster has no file system; make one with: ceph fs volume create ${ownFileSystem}`
      : `The cluster has several file systems and none is named ${ownFileSystem}; make that one with: ceph fs volume create ${ownFileSystem}`;
  throw new DsecosError("Conflict", what);
}

/** Names and sizes of files lie with the file system's metadata, whichever pool has their content. */
function caveatOf(
  fileSystem: FileSystem,
  { bucket, facts: { crush, pools } }: Place,
  jurisdiction: string,
): string {
  const [first = ""] = fileSystem.data_pools;
  const outside = [...new Set([fileSystem.metadata_pool, first])].filter((name) => {
    const pool = pools.find(({ pool_name }) => pool_name === name);
    const rule = crush.rules.find(({ rule_id }) => rule_id === pool?.crush_rule);
    return rule === undefined || !staysIn(crush, rule, bucket);
  });
  if (outside.length === 0) return "";
  return `Names and sizes of files, though not their content, lie in ${outside.join(" and ")}, which may be outside ${jurisdiction}.`;
}
