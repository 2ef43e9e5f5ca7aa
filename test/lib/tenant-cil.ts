import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { ATTRIBUTES, ENGINE, slotTypes } from "../../agent/selinux/policy/names.ts";
import { debianPolicy } from "../../packaging/setup/lib/debian-policy.js";

const execute = promisify(execFile);
const tree = "ioctl read write create getattr setattr lock append map unlink link rename open";

/** What one tenant may do with its own types: 27 rules and nine transitions. */
const template = `
(macro test_slot ((type C)(type M)(type F)(type V)(type I)(type R))
  (allow C F (file (${tree} execute execute_no_trans entrypoint)))
  (allow C V (file (${tree})))
  (allow C R (file (${tree} execute)))
  ${["F", "V", "R"]
    .map(
      (type) => `(allow C ${type} (dir (${tree} add_name remove_name reparent search rmdir)))
  (allow C ${type} (lnk_file (read create getattr setattr unlink rename)))
  (allow C ${type} (sock_file (${tree})))
  (allow C ${type} (fifo_file (${tree})))`,
    )
    .join("\n  ")}
  (allow C R (chr_file (ioctl read write getattr setattr append open)))
  (allow M I (dir (read getattr search open)))
  (allow M I (file (ioctl read write getattr lock append map open)))
  (allow M I (blk_file (ioctl read write getattr lock append open)))
  (allow M V (dir (${tree} add_name remove_name search)))
  (allow M V (file (${tree})))
  (allow M R (dir (${tree} add_name remove_name search)))
  (allow M R (file (${tree})))
  (allow M R (sock_file (${tree})))
  (allow M R (chr_file (ioctl read write getattr setattr append open)))
  (allow M V (lnk_file (read create getattr setattr unlink rename)))
  (allow C F (filesystem (getattr)))
  (typetransition C tmpfs_t dir R) (typetransition C tmpfs_t file R)
  (typetransition C tmpfs_t lnk_file R) (typetransition C tmpfs_t sock_file R)
  (typetransition C tmpfs_t fifo_file R) (typetransition C devpts_t chr_file R)
  (typetransition M tmpfs_t file R) (typetransition M devpts_t chr_file R)
  (typetransition ${ENGINE} F process C))`;

const ownSockets = [
  ...["unix_stream_socket", "unix_dgram_socket", "tcp_socket", "udp_socket"],
  ...["netlink_route_socket", "netlink_generic_socket"],
];
const containerSockets = [
  ...["netlink_audit_socket", "netlink_kobject_uevent_socket", "rawip_socket", "icmp_socket"],
  "packet_socket",
];

function base(): string {
  const { all, domains, containers, vms, objects, runs, engines } = ATTRIBUTES;
  const socket =
    "ioctl read write create getattr setattr append bind connect getopt setopt shutdown";
  return `
${Object.values(ATTRIBUTES)
  .map((name) => `(typeattribute ${name})`)
  .join("\n")}
(typeattributeset ${all} (or ${domains} ${objects}))
(typeattributeset ${domains} (or ${containers} ${vms}))
(type ${ENGINE}) (roletype system_r ${ENGINE})
(typeattributeset ${engines} (${ENGINE}))
(typeattributeset domain (${ENGINE} ${domains}))
(typeattributeset mcs_constrained_type (${domains}))
(typeattributeset file_type (${objects}))
(typeattributeset non_security_file_type (${objects}))
(typeattributeset non_auth_file_type (${objects}))
(allow ${objects} fs_t (filesystem (associate)))
(allow ${runs} tmpfs_t (filesystem (associate)))
(allow ${domains} self (process (fork sigkill sigstop signull signal getsched setsched getcap)))
(allow ${domains} self (fd (use)))
(allow ${domains} self (dir (read getattr search open)))
(allow ${domains} self (file (ioctl read write getattr append open)))
(allow ${domains} self (lnk_file (read getattr)))
(allow ${domains} self (fifo_file (ioctl read write create getattr setattr append open)))
${ownSockets.map((of) => `(allow ${domains} self (${of} (${socket})))`).join("\n")}
${containerSockets.map((of) => `(allow ${containers} self (${of} (${socket})))`).join("\n")}
(allow ${domains} self (anon_inode (create map read write)))
(allow ${domains} self (process2 (nnp_transition nosuid_transition)))
(allow ${containers} self (key (view read write search link setattr create)))
(allow ${vms} self (tun_socket (create read write getattr attach_queue)))
(allow ${vms} self (vsock_socket (create read write getattr bind connect)))
(allow ${containers} self (process (execmem ptrace)))
(allow ${containers} self (cap_userns (chown setgid setuid sys_chroot net_admin)))
${["sem", "shm", "msgq"]
  .map(
    (of) => `(allow ${containers} self (${of} (create destroy read write unix_read unix_write)))`,
  )
  .join("\n")}
(allow ${domains} proc_t (file (read getattr open)))
(allow ${domains} sysfs_t (file (read getattr open)))
(allow ${domains} urandom_device_t (chr_file (read getattr open)))
(allow ${domains} null_device_t (chr_file (read write getattr open)))
(allow ${vms} kvm_device_t (chr_file (ioctl read write getattr open map)))
(allow ${engines} ${domains} (process (transition sigkill signal getattr)))
(allow ${engines} ${objects} (file (relabelfrom relabelto getattr read write create unlink open)))
(allow ${engines} ${objects} (dir (relabelfrom relabelto read write search add_name mounton)))
${template}`;
}

function slot(number: number): string {
  const { container, vm, file, volume, image, run } = slotTypes(number);
  const { containers, vms, objects, files, volumes, images, runs } = ATTRIBUTES;
  const all = [container, vm, file, volume, image, run];
  const roles = [container, vm].map((type) => `(roletype system_r ${type})`);
  return [
    ...all.map((type) => `(type ${type})`),
    ...roles,
    ...[file, volume, image, run].map((type) => `(roletype object_r ${type})`),
    `(typeattributeset ${containers} (${container}))`,
    `(typeattributeset ${vms} (${vm}))`,
    `(typeattributeset ${objects} (${file} ${volume} ${image} ${run}))`,
    `(typeattributeset ${files} (${file}))`,
    `(typeattributeset ${volumes} (${volume}))`,
    `(typeattributeset ${images} (${image}))`,
    `(typeattributeset ${runs} (${run}))`,
    `(call test_slot (${all.join(" ")}))`,
  ].join("\n");
}

/**
 * Compiles Debian's whole policy, with some tenants beside it, with secilc.
 *
 * @param tenants how many; none leaves Debian's own policy as it is
 * @param extra more CIL
 */
export async function compileTenants(file: string, tenants: number, extra = ""): Promise<void> {
  const modules = await debianPolicy();
  const directory = mkdtempSync(join(tmpdir(), "dsecos-cil-"));
  try {
    const own = join(directory, "tenants.cil");
    const slots = Array.from({ length: tenants }, (_, index) => slot(index + 1));
    writeFileSync(own, tenants === 0 ? extra : [base(), ...slots, extra].join("\n"));
    const sources = readdirSync(modules).map((name) => join(modules, name));
    const format = ["-c", "33", "-U", "allow", "-M", "true"];
    // Without the check of neverallow: what is compiled here may be meant to leak.
    const options = ["-O", "-P", "-m", "-N", ...format, "-o", file, "-f", "/dev/null"];
    await execute("secilc", [...options, ...sources, own], {
      ...{ timeout: 600_000, killSignal: "SIGKILL", maxBuffer: 16 * 1024 * 1024 },
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
