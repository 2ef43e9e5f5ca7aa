import type { Policy } from "../policydb/policy.ts";

/**
 * Which way information goes when a permission is used: `write` from the one who acts to what it
 * acts on, `read` the other way. A permission that is not named here counts as both, so that what
 * later kernels add is never overlooked.
 *
 * `none` are permissions that are needed beside one that carries something (`open`, `search`,
 * `map`), that act on the one who has them (capabilities), that the confinement of names and
 * network addresses is about (`name_bind`), or through which no more passes than that something
 * happened (`sigchld`, `lock`); what is mounted somewhere keeps its own label (`mounton`).
 */
const directions = {
  read: `
    read getattr execute execute_no_trans entrypoint recv recvfrom recv_msg receive flow_in ingress
    forward_in nlmsg_read nlmsg_readpriv unix_read view watch watch_mount watch_sb watch_with_perm
    watch_reads map_read relabelfrom audit_access syslog_read getpwd getgrp gethost getserv getstat
    getnetgrp shmempwd shmemgrp shmemhost shmemserv shmemnetgrp getfocus status`,
  write: `
    write append create setattr unlink link rename reparent add_name remove_name rmdir relabelto
    sendto send send_msg flow_out egress forward_out nlmsg_write nlmsg_relay nlmsg_tty_audit
    unix_write enqueue destroy map_write attach_queue signal transition dyntransition setbool
    setcontext start stop reload enable disable halt reboot`,
  none: `
    open search ioctl lock map execmod associate use fork sigchld sigkill sigstop signull
    getsched setsched getsession getpgid setpgid getcap setcap getrlimit setrlimit rlimitinh siginh
    noatsecure setexec setfscreate setcurrent setkeycreate setsockcreate execmem execheap execstack
    nnp_transition nosuid_transition bind connect listen getopt setopt shutdown name_bind node_bind
    name_connect mounton mount remount unmount quotamod quotaget check_context compute_av compute_create
    compute_member compute_relabel compute_user validate_trans read_policy setcheckreqprot
    module_request ipc_info acquire_svc mmap_zero map_create prog_load sqpoll polmatch contains
    translate`,
} as const;

/** Classes whose permissions concern the process itself and what it may ask of the kernel. */
const ownClasses = new Set([
  ...["capability", "capability2", "cap_userns", "cap2_userns", "user_namespace", "lockdown"],
  "memprotect",
]);

/** Where a name means less than it does of files: the state of a process, a whole file system. */
const exceptions = new Map([
  ["process", new Set(["getattr"])],
  ["filesystem", new Set(["getattr"])],
]);

const read = words(directions.read);
const write = words(directions.write);
const none = words(directions.none);

function words(text: string): Set<string> {
  return new Set(text.trim().split(/\s+/));
}

/** Access vectors by class. */
export interface Flows {
  read: Uint32Array;
  write: Uint32Array;
}

export function flowsOf(policy: Policy): Flows {
  const { classData } = policy.symbols;
  const flows = {
    read: new Uint32Array(classData.length),
    write: new Uint32Array(classData.length),
  };
  for (const data of classData) {
    if (!data || ownClasses.has(data.name)) continue;
    for (let bit = 0; bit < 32; bit++) {
      const name = data.permissions[bit] ?? "";
      if (none.has(name) || exceptions.get(data.name)?.has(name)) continue;
      const mask = 2 ** bit;
      if (!write.has(name)) flows.read[data.id] = (flows.read[data.id] ?? 0) + mask;
      if (!read.has(name)) flows.write[data.id] = (flows.write[data.id] ?? 0) + mask;
    }
  }
  return flows;
}

/**
 * What takes a process out of its confinement: another type, another's memory, the policy itself,
 * the kernel. By class, then permission.
 */
const control = new Map([
  ["process", words("transition dyntransition ptrace share")],
  ["security", words("load_policy setenforce setbool setsecparam")],
  ["system", words("module_load")],
  ["capability", words("sys_module sys_rawio")],
  ["capability2", words("mac_admin mac_override")],
]);

/** What lets one process become another type. */
const entry = new Map([["process", words("transition dyntransition")]]);

/** Access vectors by class. */
export interface Powers {
  control: Uint32Array;
  entry: Uint32Array;
}

export function powersOf(policy: Policy): Powers {
  return { control: vectors(policy, control), entry: vectors(policy, entry) };
}

function vectors(policy: Policy, names: ReadonlyMap<string, Set<string>>): Uint32Array {
  const { classData } = policy.symbols;
  const list = new Uint32Array(classData.length);
  for (const data of classData)
    for (let bit = 0; bit < 32; bit++)
      if (data && names.get(data.name)?.has(data.permissions[bit] ?? ""))
        list[data.id] = (list[data.id] ?? 0) + 2 ** bit;
  return list;
}
