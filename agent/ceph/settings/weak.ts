/**
 * Settings that weaken the cluster, and by which values. Security first; then what lets data be lost
 * without anybody being told. https://docs.ceph.com/en/reef/rados/configuration/
 */

type Judge = (value: string) => boolean;

const is =
  (wanted: string): Judge =>
  (value) =>
    value.toLowerCase() === wanted;
const isNot =
  (wanted: string): Judge =>
  (value) =>
    value.toLowerCase() !== wanted;
const below =
  (least: number): Judge =>
  (value) =>
    Number(value) < least;
const filled: Judge = (value) => value.trim() !== "";
/** Ways of a connection, the preferred one first. */
const notSecureAlone: Judge = (value) =>
  value.split(/[\s,]+/).some((way) => way !== "" && way !== "secure");
/** Octal, of which the last digit is for everybody. */
const forEverybody: Judge = (value) => /^[0-7]{3,4}$/.test(value) && !value.endsWith("0");

const unsigned =
  "Messages need not be signed, so that one on the way can change them unseen; take it away.";
const unnamed = "Whoever reaches a daemon need not say who he is; set it to cephx.";
const plain = "Connections may be made that are not encrypted; set it to secure.";
const silent = "A warning is silenced, so that the weakness behind it is not seen; take it away.";

const table: readonly [names: string, judge: Judge, sentence: string][] = [
  [
    "ms_cluster_mode ms_service_mode ms_client_mode ms_mon_cluster_mode ms_mon_service_mode ms_mon_client_mode",
    notSecureAlone,
    plain,
  ],
  [
    "ms_bind_msgr1",
    is("true"),
    "Daemons listen for protocol v1 too, which never encrypts; set it to false.",
  ],
  [
    "ms_bind_msgr2",
    is("false"),
    "Daemons speak protocol v1 alone, which never encrypts; take it away.",
  ],
  [
    "auth_cluster_required auth_service_required auth_client_required auth_supported",
    isNot("cephx"),
    unnamed,
  ],
  [
    "auth_allow_insecure_global_id_reclaim",
    is("true"),
    "A client may go on under another's session without its ticket (CVE-2021-20288); set it to false once all clients are new enough.",
  ],
  ["cephx_sign_messages", is("false"), unsigned],
  [
    "cephx_require_version cephx_cluster_require_version cephx_service_require_version",
    below(2),
    "The first version of cephx is taken, in which tickets can be replayed; set it to 2.",
  ],
  [
    "auth_mon_ticket_ttl auth_service_ticket_ttl",
    (value) => Number(value) > 7 * 86_400,
    "A key that was taken away works for longer than a week; take the setting away.",
  ],
  [
    "mon_warn_on_insecure_global_id_reclaim mon_warn_on_insecure_global_id_reclaim_allowed mon_warn_on_msgr2_not_enabled mon_warn_on_pool_no_redundancy mon_warn_on_pool_no_app",
    is("false"),
    silent,
  ],
  [
    "mon_allow_pool_delete",
    is("true"),
    "Pools can be deleted with one command, with all that is in them; set it to false until one is to be.",
  ],
  [
    "mon_allow_pool_size_one",
    is("true"),
    "Pools may have a single copy, which is lost with its OSD; set it to false.",
  ],
  ["osd_pool_default_size", below(3), "New pools have fewer than three copies; set it to 3."],
  [
    "osd_pool_default_min_size",
    is("1"),
    "New pools take writes while a single copy is left, and lose them with it; set it to 0, which leaves more than half.",
  ],
  [
    "osd_objectstore",
    is("memstore"),
    "OSDs keep their data in memory, and lose it when they end; this is for tests alone.",
  ],
  [
    "bluestore_csum_type",
    is("none"),
    "What rots on a disk is given out as it is, since nothing is summed; take it away.",
  ],
  [
    "osd_max_scrubs",
    below(1),
    "Nothing is scrubbed, so that what rots on a disk is not found; take it away.",
  ],
  [
    "admin_socket_mode",
    forEverybody,
    "Everybody on a host may command its daemons by their admin sockets; set it to 0750.",
  ],
  [
    "clog_to_monitors",
    (value) => /\bfalse\b/.test(value),
    "Daemons do not tell the monitors what they log, so that acts are missing from the cluster's log; take it away.",
  ],
  [
    "client_permissions",
    is("false"),
    "Clients of CephFS do not check permissions of files; take it away.",
  ],
  [
    "enable_experimental_unrecoverable_data_corrupting_features",
    filled,
    "Features are on that may lose data for good; take it away.",
  ],
  [
    "rgw_crypt_require_ssl rgw_verify_ssl mgr/dashboard/ssl mgr/prometheus/ssl",
    is("false"),
    "Keys or passwords go over connections that are not encrypted, or nobody checks with whom; take it away.",
  ],
  [
    "rgw_crypt_s3_kms_encryption_keys rgw_crypt_default_encryption_key",
    filled,
    "Keys that encrypt objects stand in the settings, which whoever may read those has; use a KMS.",
  ],
  [
    "key",
    filled,
    "A key of cephx stands in the settings, which whoever may read those has; use a keyring.",
  ],
];

const byName = new Map(
  table.flatMap(([names, judge, sentence]) =>
    names.split(" ").map((name) => [name, { judge, sentence }] as const),
  ),
);

/** Empty where a value weakens nothing that is known here. */
export function weakens(name: string, value: string): string {
  const known = byName.get(name);
  return known?.judge(value) === true ? known.sentence : "";
}
