/** Mirrors of file systems' snapshots, which the map of file systems has since Ceph 16.2. */
import * as v from "valibot";
import { DsecosError } from "../../../bus/errors.ts";
import type { Ceph } from "../../link/types.ts";
import type { Exits } from "../read/exits.ts";

const peersSchema = v.record(
  v.string(),
  v.object({ remote: v.object({ cluster_name: v.string() }) }),
);
/** `mirror_info` is there where a file system was enabled for mirroring, alone. */
const dumpSchema = v.object({
  filesystems: v.array(
    v.object({
      mdsmap: v.object({
        fs_name: v.string(),
        metadata_pool: v.number(),
        data_pools: v.array(v.number()),
      }),
      mirror_info: v.optional(v.object({ peers: v.optional(peersSchema, {}) }), {}),
    }),
  ),
});

/** @throws DsecosError where it cannot be asked */
export async function readFileSystems(
  link: Pick<Ceph, "mon">,
): Promise<NonNullable<Exits["cephfs"]>> {
  const dump = v.safeParse(dumpSchema, await link.mon("fs dump"));
  if (!dump.success) {
    throw new DsecosError("Unavailable", "Ceph's map of file systems is not as expected.");
  }
  return dump.output.filesystems.map(({ mdsmap, mirror_info: { peers = {} } }) => ({
    fileSystem: mdsmap.fs_name,
    pools: [mdsmap.metadata_pool, ...mdsmap.data_pools],
    peers: Object.values(peers).map(({ remote }) => remote.cluster_name),
  }));
}
