/** Codes about CephFS and its metadata servers, of Ceph 16 to 18. */
import { type Explanations, explained } from "./types.ts";

const lookAtClient =
  "Look at the clients that are named; one that hangs is ended at its host, or evicted.";
const clients = "ceph tell mds.<name> client ls; ceph tell mds.<name> client evict id=<id>";

const lateRelease = explained(
  "Clients do not give locks back",
  "They hang, are overloaded or have a mistake.",
  "Others wait for the files that these clients hold.",
  lookAtClient,
  clients,
);
const recall = explained(
  "Clients keep more in memory than they are asked to",
  "They hang, are overloaded or have a mistake.",
  "The metadata server may run out of memory.",
  lookAtClient,
  clients,
);
const oldestTid = explained(
  "Clients do not say which requests are done",
  "They have a mistake, or are very old.",
  "The metadata server needs more and more memory.",
  lookAtClient,
  clients,
);

export const fileCodes: Explanations = {
  FS_DEGRADED: explained(
    "A file system is not whole",
    "A part of it has no metadata server that is active, or one that only begins.",
    "Files there cannot be opened, made or removed until it is back.",
    "Start a metadata server; a standby takes over by itself.",
    "ceph fs status; systemctl start ceph-mds@<name>",
  ),
  FS_WITH_FAILED_MDS: explained(
    "A file system lost a metadata server",
    "It failed, and no standby could take its place.",
    "Files of its part cannot be opened, made or removed.",
    "Start a metadata server.",
    "ceph fs status; systemctl start ceph-mds@<name>",
  ),
  FS_INLINE_DATA_DEPRECATED: explained(
    "A file system keeps small files in its metadata",
    "An option that is given up was switched on.",
    "A later version will not have it.",
    "Switch it off.",
    "ceph fs set <fs> inline_data false",
  ),
  MDS_ALL_DOWN: explained(
    "A file system is offline",
    "None of its metadata servers runs.",
    "Nobody can open, make or remove files.",
    "Start a metadata server.",
    "ceph fs status; systemctl start ceph-mds@<name>",
  ),
  MDS_UP_LESS_THAN_MAX: explained(
    "A file system has fewer active metadata servers than it should",
    "There are not as many as it was set to use.",
    "It is slower than was planned.",
    "Start more of them, or ask for fewer.",
    "ceph fs status; ceph fs set <fs> max_mds <number>",
  ),
  MDS_INSUFFICIENT_STANDBY: explained(
    "No metadata server stands by",
    "Fewer run than are wanted as a reserve.",
    "When the active one fails, the file system stands still until somebody acts.",
    "Start another metadata server.",
    "ceph fs status; systemctl start ceph-mds@<name>",
  ),
  MDS_DAMAGE: explained(
    "Metadata of a file system is damaged",
    "Objects of its metadata pool are missing or cannot be read.",
    "Files below the damaged places cannot be read; a repair by mistake loses them.",
    "See what is damaged, and repair it by Ceph's own instructions for disasters.",
    "ceph tell mds.<name> damage ls",
  ),
  MDS_READ_ONLY: explained(
    "A metadata server writes nothing any more",
    "It could not write to its pool, or somebody told it so.",
    "Files can be read but not changed.",
    "Put the metadata pool right, then restart the server.",
    "ceph fs status; ceph osd pool ls detail",
  ),
  MDS_TRIM: explained(
    "A metadata server's journal grows",
    "It cannot write back as fast as changes come.",
    "After a failure it takes long to begin.",
    "Look for slow OSDs of the metadata pool.",
    "ceph tell mds.<name> perf dump mds_log",
  ),
  MDS_SLOW_REQUEST: explained(
    "Requests to a metadata server hang",
    "It is overloaded, the cluster is slow, or a client holds a lock.",
    "Whoever asked waits.",
    "See what the requests wait for.",
    "ceph tell mds.<name> ops",
  ),
  MDS_SLOW_METADATA_IO: explained(
    "A metadata server waits for its pool",
    "OSDs of the metadata pool are slow, full or down.",
    "Files cannot be made or removed meanwhile.",
    "Put these OSDs right.",
    "ceph health detail; ceph osd perf",
  ),
  MDS_CACHE_OVERSIZED: explained(
    "A metadata server uses more memory than it should",
    "Clients keep very many files open, or its limit is small.",
    "It may run out of memory and end.",
    "Raise its limit, or look at the clients that have the most.",
    "ceph config set mds mds_cache_memory_limit <bytes>",
  ),
  MDS_CLIENT_LATE_RELEASE: lateRelease,
  MDS_CLIENT_LATE_RELEASE_MANY: lateRelease,
  MDS_CLIENT_RECALL: recall,
  MDS_CLIENT_RECALL_MANY: recall,
  MDS_CLIENT_OLDEST_TID: oldestTid,
  MDS_CLIENT_OLDEST_TID_MANY: oldestTid,
  MDS_CLIENTS_LAGGY: explained(
    "Clients are slow since OSDs are",
    "They cannot write back in time, as their OSDs do not answer.",
    "They are kept from being evicted; what they hold stays locked.",
    "Put the OSDs right.",
    "ceph health detail; ceph osd perf",
  ),
  MDS_CLIENTS_BROKEN_ROOTSQUASH: explained(
    "A client does not obey root squash as it should",
    "It is older than the repair of a mistake in it.",
    "What it writes may be lost.",
    "Upgrade the client.",
    "ceph health detail",
  ),
};
