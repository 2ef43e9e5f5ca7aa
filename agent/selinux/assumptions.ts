/**
 * What the proof takes for granted, in the open: whoever adds a name weakens what is proved. Names
 * that a policy does not have, or that the proof does not need, are told as such.
 */
import { ENGINE } from "./policy/names.ts";

/** Domains, and attributes of domains, that are trusted to keep tenants apart. */
export const trustedBase: readonly string[] = [
  ENGINE,
  "init_t",
  "kernel_t",
  // Labels the tenants' files, and loads the policy.
  "dsecos_agent_t",
  // Labels all files at a relabelling boot.
  "setfiles_t",
  // Whoever is unconfined on the host is its administrator; sysadm_t is one without that.
  "unconfined_domain_type",
  "sysadm_t",
  // Debian lets these look at every process and write where tenants read, and nothing more.
  ...["auditctl_t", "cockpit_session_t", "local_login_t", "logrotate_t", "lvm_t", "lxcfs_t"],
  ...["policykit_t", "sshd_t", "syslogd_t", "system_dbusd_t", "systemd_coredump_t", "udev_t"],
  ...["useradd_t", "session_bus_type"],
];

/** Host types that hold nothing of whoever writes to them. */
export const sharedTypes: readonly string[] = [
  "devtty_t",
  "null_device_t",
  "ptmx_t",
  "zero_device_t",
  // Each holds what it does for the process that opened it.
  ...["kvm_device_t", "tun_tap_device_t", "vhost_device_t"],
  // The kernel keeps one copy for each network namespace.
  "sysctl_net_t",
  // The kernel asks whoever moves a process between two cgroups for `write` on what they share, by
  // an inode that no path led to and that so has the label of the whole file system. Tenants may
  // `write` and not `open` it, which the compiler proves: without a file that is open nothing is written.
  "cgroup_t",
  // In a terminal file system of its own for each container.
  "incus_console_t",
];
