import { ATTRIBUTES, ENGINE } from "../../agent/selinux/policy/names.ts";
import type { ViolationKind } from "../../agent/selinux/proof/verdict.ts";
import type { TenantPolicy } from "./tenant-policy.ts";

/** A way to break the wall between tenants, and what the proof must say of it. */
export interface Leak {
  name: string;
  inject: (policy: TenantPolicy) => void;
  kind: ViolationKind;
  /** Stands in the sentence of one violation: the rule, or the type where no rule is guilty. */
  says: string;
}

const [a, b, spare] = ["tenant0001", "tenant0002", "tenant0003"] as const;
const { containers, domains, all, volumes } = ATTRIBUTES;

/** A leak that is one rule, which the proof must give back word by word. */
function rule(name: string, kind: ViolationKind, text: string): Leak {
  return { name, kind, inject: (policy) => policy.add(text), says: text };
}

const access: Leak[] = [
  rule("read of a file", "access", `allow ${a}_t ${b}_file_t:file { read };`),
  rule("write to a volume", "access", `allow ${a}_t ${b}_vol_t:file { write };`),
  rule("look at attributes alone", "access", `allow ${a}_t ${b}_file_t:file { getattr };`),
  rule("search of a directory", "access", `allow ${a}_t ${b}_vol_t:dir { search };`),
  rule("signal to a process", "access", `allow ${a}_t ${b}_t:process { signal };`),
  rule("ptrace of a process", "access", `allow ${a}_t ${b}_t:process { ptrace };`),
  rule("a machine reads an image", "access", `allow ${a}_vm_t ${b}_img_t:blk_file { read };`),
  rule("a machine signals a container", "access", `allow ${a}_vm_t ${b}_t:process { signal };`),
  rule("socket of another", "access", `allow ${a}_t ${b}_t:unix_stream_socket { connectto };`),
  rule("shared memory", "access", `allow ${a}_t ${b}_t:shm { unix_read };`),
  rule("keys of the kernel", "access", `allow ${a}_t ${b}_t:key { view };`),
  rule("descriptor of another", "access", `allow ${a}_t ${b}_t:fd { use };`),
  rule("start of another's domain", "access", `allow ${a}_t ${b}_t:process { transition };`),
  rule("entry by another's file", "access", `allow ${a}_t ${b}_file_t:file { entrypoint };`),
  rule("relabel to another's type", "access", `allow ${a}_t ${b}_vol_t:file { relabelto };`),
  rule("a class of later kernels", "access", `allow ${a}_t ${b}_t:future { beam };`),
  rule("an object acts", "access", `allow ${a}_file_t ${b}_file_t:filesystem { associate };`),
  rule("a spare slot reads", "access", `allow ${spare}_t ${b}_vol_t:file { read };`),
  rule("a spare slot is read", "access", `allow ${a}_t ${spare}_file_t:file { read };`),
  rule("all containers, all volumes", "access", `allow ${containers} ${volumes}:file { read };`),
  rule("all domains among themselves", "access", `allow ${domains} ${domains}:process { signal };`),
  rule("one tenant, all files", "access", `allow ${a}_t file_type:file { getattr };`),
  rule("all tenants, one volume", "access", `allow ${domains} ${b}_vol_t:file { read };`),
  rule("an attribute of the host", "access", `allow domain ${a}_run_t:file { write };`),
];

const conditional: Leak[] = [
  {
    name: "while a boolean is on",
    inject: (policy) => policy.addIf("on", `allow ${a}_t ${b}_file_t:file { read };`),
    ...{ kind: "access", says: `allow ${a}_t ${b}_file_t:file { read }; [ if on ]` },
  },
  {
    name: "if a boolean that is off were on",
    inject: (policy) => policy.addIf("off", `allow ${a}_t ${b}_file_t:file { read };`),
    ...{ kind: "access", says: `allow ${a}_t ${b}_file_t:file { read }; [ if off ]` },
  },
  {
    name: "in the other branch",
    inject: (policy) => policy.addIf("on", "", `allow ${domains} ${volumes}:file { read };`),
    ...{ kind: "access", says: `allow ${domains} ${volumes}:file { read }; [ if not on ]` },
  },
  {
    name: "of two booleans",
    inject: (policy) => policy.addIf("on off not and", `allow ${a}_t ${b}_t:process { signal };`),
    ...{ kind: "access", says: "[ if (on and (not off)) ]" },
  },
  {
    name: "a transition that a boolean switches",
    inject: (policy) => policy.addIf("off", `type_transition ${a}_t tmpfs_t:dir ${b}_run_t;`),
    ...{ kind: "transition", says: `type_transition ${a}_t tmpfs_t:dir ${b}_run_t;` },
  },
  {
    name: "the last step of a flow depends on a boolean",
    inject: (policy) => {
      policy.add(`allow ${a}_t spool_t:file { write };`);
      policy.addIf("off", `allow ${b}_t spool_t:file { read };`);
    },
    ...{ kind: "flow", says: `allow ${b}_t spool_t:file { read }; [ if off ]` },
  },
];

const membership: Leak[] = [
  {
    name: "a type of another tenant in the own attribute",
    inject: (policy) => {
      policy.model.attributes.own = [`${a}_vol_t`, `${b}_vol_t`];
      policy.add(`allow ${a}_t own:file { read };`);
    },
    ...{ kind: "access", says: `allow ${a}_t own:file { read };` },
  },
  {
    name: "a domain with another's attribute",
    inject: (policy) => {
      policy.model.attributes.own = [`${b}_t`];
      policy.add(`allow own ${b}_vol_t:file { read };`);
      policy.give(`${a}_t`, "own");
    },
    ...{ kind: "access", says: `allow own ${b}_vol_t:file { read };` },
  },
  {
    name: "a domain in an attribute of the host that may do everything",
    inject: (policy) => policy.give(`${a}_t`, "unconfined_domain"),
    ...{ kind: "access", says: "allow unconfined_domain file_type:file { read write };" },
  },
  {
    name: "a type that is nobody's among the tenants' types",
    inject: (policy) => {
      policy.model.types.push("stray_t");
      policy.give("stray_t", all);
    },
    ...{ kind: "description", says: `stray_t has the attribute ${all}` },
  },
  {
    name: "one type under the names of two tenants",
    inject: ({ model }) => {
      model.types.splice(model.types.indexOf(`${spare}_vol_t`), 1);
      for (const members of Object.values(model.attributes))
        if (members.includes(`${spare}_vol_t`))
          members.splice(members.indexOf(`${spare}_vol_t`), 1);
      model.aliases[`${spare}_vol_t`] = `${a}_vol_t`;
    },
    ...{ kind: "description", says: `_vol_t is one type for the two tenants ${a} and ${spare}` },
  },
  {
    name: "the target is an alias",
    inject: (policy) => {
      policy.model.aliases.archive_t = `${b}_vol_t`;
      policy.add(`allow ${a}_t archive_t:file { read };`);
    },
    ...{ kind: "access", says: `allow ${a}_t ${b}_vol_t:file { read };` },
  },
  {
    name: "a tenant without all of its types",
    inject: ({ model }) => model.types.push("tenant0009_t"),
    ...{ kind: "description", says: "tenant0009_vm_t of tenant0009 is no type of the policy" },
  },
  {
    // The bits of the compiler's proof tell tenants of one number not apart; names do.
    name: "two tenants of the same number",
    inject: (policy) => {
      policy.model.types.push("twin_t", "twin_vol_t");
      policy.give("twin_t", all, domains);
      policy.give("twin_vol_t", all, volumes);
      policy.claimed.set("twin", ["twin_t", "twin_vol_t"]);
      policy.add(`allow ${a}_t twin_vol_t:file { read };`);
    },
    ...{ kind: "access", says: `allow ${a}_t twin_vol_t:file { read };` },
  },
];

const transitions: Leak[] = [
  rule("new files are another's", "transition", `type_transition ${a}_t tmpfs_t:file ${b}_run_t;`),
  rule(
    "engine starts another's",
    "transition",
    `type_transition ${ENGINE} ${a}_vol_t:process ${b}_t;`,
  ),
  rule("from a shared file", "transition", `type_transition ${ENGINE} bin_t:process ${a}_t;`),
  rule("in a shared place", "transition", `type_transition ${ENGINE} tmpfs_t:dir ${a}_file_t;`),
  rule("member of another", "transition", `type_member ${a}_t tmpfs_t:dir ${b}_run_t;`),
  rule("change to another", "transition", `type_change ${a}_t ${a}_vol_t:file ${b}_vol_t;`),
  {
    name: "by the name of a file",
    inject: (policy) => policy.add(`type_transition ${a}_t tmpfs_t:file ${b}_run_t "lock"`),
    ...{ kind: "transition", says: `type_transition ${a}_t tmpfs_t:file ${b}_run_t "lock";` },
  },
  {
    name: "by a name that somebody else chooses",
    inject: (policy) => policy.add(`type_transition daemon_t spool_t:dir ${a}_file_t "own"`),
    ...{ kind: "transition", says: `type_transition daemon_t spool_t:dir ${a}_file_t "own";` },
  },
  {
    name: "into a role of another",
    inject: ({ model }) => {
      model.roles.tenant_r?.push(`${b}_t`);
      const own = { role: "system_r", type: `${a}_file_t`, class: "process" };
      model.roleTransitions.push({ ...own, newRole: "tenant_r" });
    },
    ...{ kind: "transition", says: `role_transition system_r ${a}_file_t tenant_r;` },
  },
  {
    name: "into a range by another's file",
    inject: ({ model }) => {
      const pair = { source: `${a}_t`, target: `${b}_file_t` };
      model.rangeTransitions.push({ ...pair, class: "process" });
    },
    ...{ kind: "transition", says: `range_transition ${a}_t ${b}_file_t:process;` },
  },
  {
    name: "what has no label is a tenant's",
    inject: ({ model }) => model.labels.push({ kind: "initial", name: "", type: `${a}_file_t` }),
    ...{ kind: "label", says: `initial 2 with ${a}_file_t` },
  },
  {
    name: "a part of /proc is a tenant's",
    inject: ({ model }) => model.labels.push({ kind: "genfs", name: "sysfs", type: `${b}_run_t` }),
    ...{ kind: "label", says: `genfs sysfs / with ${b}_run_t` },
  },
];

const flows: Leak[] = [
  {
    name: "over a file of the host",
    inject: (policy) =>
      policy.add(`allow ${a}_t spool_t:file { write }; allow ${b}_t spool_t:file { read };`),
    ...{ kind: "flow", says: `${a}_t -> spool_t -> ${b}_t` },
  },
  rule("all write what all read", "flow", `allow ${domains} etc_t:file { append };`),
  {
    name: "over a daemon and its two files",
    inject: (policy) =>
      policy.add(`
        allow ${a}_t daemon_log_t:file { append };
        allow ${b}_t spool_t:file { read };`),
    ...{ kind: "flow", says: `${a}_t -> daemon_log_t -> helper_t -> spool_t -> ${b}_t` },
  },
  {
    name: "a daemon that may act on tenants",
    inject: (policy) => policy.add(`allow daemon_t ${all}:file { read write };`),
    ...{ kind: "flow", says: `allow daemon_t ${all}:file { read write };` },
  },
  {
    name: "a domain reads one tenant and signals another",
    inject: (policy) =>
      policy.add(
        `allow helper_t ${a}_vol_t:file { read }; allow helper_t ${b}_t:process { signal };`,
      ),
    ...{ kind: "flow", says: `allow helper_t ${b}_t:process { signal };` },
  },
  {
    name: "names in a directory of the host",
    inject: (policy) =>
      policy.add(`allow ${a}_t tmpfs_t:dir { add_name }; allow ${b}_t tmpfs_t:dir { read };`),
    ...{ kind: "flow", says: `${a}_t -> tmpfs_t -> ${b}_t` },
  },
  {
    name: "a socket of a daemon",
    inject: (policy) => policy.add(`allow ${domains} daemon_t:unix_stream_socket { connectto };`),
    ...{ kind: "flow", says: `allow ${domains} daemon_t:unix_stream_socket { connectto };` },
  },
  {
    name: "a class of later kernels on the way",
    inject: (policy) => policy.add(`allow ${domains} helper_t:future { beam };`),
    ...{ kind: "flow", says: `allow ${domains} helper_t:future { beam };` },
  },
];

const escapes: Leak[] = [
  rule("into a domain of the host", "escape", `allow ${a}_t init_t:process { transition };`),
  rule("by itself into another", "escape", `allow ${a}_t daemon_t:process { dyntransition };`),
  rule("by another's memory", "escape", `allow ${domains} unconfined_t:process { ptrace };`),
  rule("a new policy", "escape", `allow ${a}_t security_t:security { load_policy };`),
  rule("enforcing off", "escape", `allow ${domains} security_t:security { setenforce };`),
  rule("a kernel module", "escape", `allow ${a}_t bin_t:system { module_load };`),
  rule("raw input and output", "escape", `allow ${a}_t ${a}_t:capability { sys_rawio };`),
  rule("a daemon becomes a tenant", "entry", `allow daemon_t ${b}_t:process { transition };`),
  {
    name: "a permissive domain of a tenant",
    inject: ({ model }) => model.permissive.push(`${a}_t`),
    ...{ kind: "permissive", says: `${a}_t of tenant0001 is permissive` },
  },
  {
    name: "a permissive domain of the host",
    inject: ({ model }) => model.permissive.push("helper_t"),
    ...{ kind: "permissive", says: "helper_t outside the trusted base is permissive" },
  },
  {
    name: "a tenant's type in the trusted base",
    inject: (policy) => policy.give(`${a}_vm_t`, ATTRIBUTES.engines),
    ...{ kind: "description", says: `${a}_vm_t of tenant0001 is in the trusted base` },
  },
];

export const leaks: readonly Leak[] = [
  ...[...access, ...conditional, ...membership],
  ...[...transitions, ...flows, ...escapes],
];
