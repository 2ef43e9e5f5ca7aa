/** Configuration of the agent: a JSON file in which every key may be left out. */
import { readFileSync } from "node:fs";
import * as v from "valibot";
import { elasticSchema } from "./audit/export/elastic.ts";
import { syslogSchema } from "./audit/export/syslog.ts";
import { offloadSchema } from "./audit/offload/types.ts";
import { witnessSchema } from "./audit/witness/types.ts";
import { maintenanceSchema } from "./cluster/drill/windows.ts";
import { regionSchema } from "./hsm/algorithms.ts";
import { firewallSchema } from "./node/firewall/declared.ts";

const path = v.pipe(v.string(), v.startsWith("/", "must be an absolute path"));

export const configSchema = v.strictObject({
  /** Socket of Incus's API. */
  incusSocket: v.optional(path, "/var/lib/incus/unix.socket"),
  /** Where the audit log lives. */
  auditDirectory: v.optional(path, "/var/lib/dsecos/audit"),
  /** Where policies that were built are kept, with the key that signs them. */
  selinuxDirectory: v.optional(path, "/var/lib/dsecos/selinux"),
  /** Driver files of PKCS#11 modules, one each. */
  hsmDirectory: v.optional(path, "/etc/dsecos/hsm.d"),
  /** Sockets of the drivers' processes, `<name>.sock`. */
  hsmSockets: v.optional(path, "/run/dsecos-hsm"),
  /** Of the Ceph cluster; where it is missing the agent leaves Ceph alone. */
  cephConfig: v.optional(path, "/etc/ceph/ceph.conf"),
  /** Who the agent is to the cluster. */
  cephUser: v.optional(
    v.pipe(v.string(), v.regex(/^client\.[A-Za-z0-9._-]{1,100}$/, "must be client.NAME")),
    "client.dsecos",
  ),
  cephKeyring: v.optional(path, "/etc/ceph/ceph.client.dsecos.keyring"),
  /** S3 address of Ceph's gateway; the gateways' zone says it where this is left out. */
  cephGateway: v.optional(
    v.strictObject({
      endpoint: v.pipe(
        v.string(),
        v.regex(/^https?:\/\/[^/?#@\s]+$/, "must be http(s)://HOST:PORT"),
      ),
      /** Certificates that it is trusted by, PEM. */
      caFile: v.optional(path),
    }),
  ),
  /**
   * Signed map of where the cluster's parts are, by which tenants' volumes are placed; the agent writes
   * it, too.
   */
  cephMap: v.optional(path, "/var/lib/dsecos/ceph/map.json"),
  /** Public keys, `<name>.pem`, of those who may sign it. */
  cephMapKeys: v.optional(path, "/etc/dsecos/ceph/keys"),
  /** Where certificates that were issued are kept. */
  pkiDirectory: v.optional(path, "/var/lib/dsecos/pki"),
  /** Where this node is, as a tenant's jurisdiction means it. */
  region: v.optional(regionSchema, "UK"),
  /** Where bundles that somebody exported wait to be fetched. */
  exportDirectory: v.optional(path, "/var/lib/dsecos/exports"),
  /** Every event goes to this Elasticsearch, as documents of the Elastic Common Schema. */
  elasticsearch: v.optional(elasticSchema),
  /** Every event goes to this syslog server. */
  syslog: v.optional(syslogSchema),
  /** They sign the log's checkpoints, on machines that nobody here rules. */
  witnesses: v.optional(v.array(witnessSchema), []),
  /** Where closed parts of the log are copied: another file system, or a locked bucket. */
  offload: v.optional(offloadSchema),
  /** Socket of auditd's plugin, as packaging/auditd/dsecos.conf names it. */
  auditdSocket: v.optional(path, "/run/dsecos-auditd.socket"),
  /** auditd's own log, for what its plugin loses. */
  auditdLog: v.optional(path, "/var/log/audit/audit.log"),
  /** The TPM that seals the log: its device, or the socket of a software one. */
  tpm: v.optional(path, "/dev/tpmrm0"),
  /** What firmware measured when the node started, as the kernel hands it on. */
  bootLog: v.optional(path, "/sys/kernel/security/tpm0/binary_bios_measurements"),
  /** Where the agent keeps what was accepted for this node, such as its start. */
  nodeDirectory: v.optional(path, "/var/lib/dsecos/node"),
  /** How long audit events are kept at least, in days; whole segments are removed then. */
  retentionDays: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 400),
  /** Where image files wait to be imported. */
  imageDirectory: v.optional(path, "/var/lib/dsecos/images"),
  /** For sockets of consoles; empty after a restart of the node. */
  runtimeDirectory: v.optional(path, "/run/dsecos"),
  /** Incus storage pool for the disks of instances. */
  storagePool: v.optional(v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]*$/)), "default"),
  /** When drills may be held, in UTC; never where none is declared. */
  maintenance: v.optional(maintenanceSchema, []),
  /** Who may come and where packets may go; without it the agent loads no packet filter. */
  firewall: v.optional(firewallSchema),
  /** Rules of the packet filter that were confirmed, which the next start loads. */
  firewallDirectory: v.optional(path, "/var/lib/dsecos/firewall"),
  /** How long a request for a second person can be approved and used, in seconds. */
  approvalSeconds: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 3600),
});

export type Config = v.InferOutput<typeof configSchema>;

/** @throws Error that names the file and the key that is wrong. */
export function readConfig(file: string | undefined): Config {
  if (file === undefined) return v.parse(configSchema, {});
  const text = readFileSync(file, "utf8");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Error(`${file} is not JSON`, { cause });
  }
  const result = v.safeParse(configSchema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new Error(`${file}: ${v.getDotPath(issue) ?? "top level"}: ${issue.message}`);
}
