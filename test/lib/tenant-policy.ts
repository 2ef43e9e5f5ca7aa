import { ATTRIBUTES, ENGINE, slotName, slotTypes } from "../../agent/selinux/policy/names.ts";
import { type Policy, parsePolicy } from "../../agent/selinux/policydb/policy.ts";
import { prove } from "../../agent/selinux/proof/prove.ts";
import { slotsOf } from "../../agent/selinux/proof/tenants.ts";
import type { Verdict } from "../../agent/selinux/proof/verdict.ts";
import { type ModelRule, type PolicyModel, writePolicy } from "./policy-writer.ts";

const file = `ioctl read write create getattr setattr lock relabelfrom relabelto append map unlink link
  rename execute open mounton execute_no_trans entrypoint`;
const socket = "read write create getattr bind connect listen accept sendto recvfrom connectto";

/** What a rule of the host has to do with tenants: a small system around them. */
const hostTypes = [
  ...[ENGINE, "init_t", "daemon_t", "helper_t", "unconfined_t", "daemon_log_t", "etc_t", "bin_t"],
  ...["tmpfs_t", "null_device_t", "security_t", "proc_t", "spool_t", "kernel_t", "unlabeled_t"],
];

/** Small policies about a few tenants, to which a test adds what it is about. */
export class TenantPolicy {
  readonly model: PolicyModel = {
    version: 33,
    config: 5,
    commons: { file: words(file), socket: words(socket) },
    classes: [
      {
        name: "process",
        permissions: words(
          "fork transition sigchld sigkill signal ptrace getattr setsched dyntransition share",
        ),
      },
      { name: "file", common: "file", permissions: [] },
      { name: "dir", common: "file", permissions: words("add_name remove_name search rmdir") },
      { name: "chr_file", common: "file", permissions: [] },
      { name: "blk_file", common: "file", permissions: [] },
      { name: "sock_file", common: "file", permissions: [] },
      { name: "fifo_file", common: "file", permissions: [] },
      { name: "unix_stream_socket", common: "socket", permissions: [] },
      { name: "shm", permissions: words("create read write unix_read unix_write associate lock") },
      { name: "key", permissions: words("view read write search link") },
      { name: "fd", permissions: ["use"] },
      { name: "security", permissions: words("load_policy setenforce setbool compute_av") },
      { name: "system", permissions: words("module_load syslog_read") },
      { name: "capability", permissions: words("chown sys_module sys_rawio sys_admin") },
      { name: "filesystem", permissions: words("getattr mount associate") },
      { name: "future", permissions: words("beam") },
    ],
    roles: { object_r: [], system_r: [], tenant_r: [] },
    types: [...hostTypes],
    attributes: { domain: [], file_type: [], unconfined_domain: ["unconfined_t"] },
    aliases: {},
    booleans: { on: true, off: false },
    permissive: [],
    rules: [],
    conditionals: [],
    roleTransitions: [],
    roleAllows: [],
    filenameTransitions: [],
    rangeTransitions: [],
    labels: [
      { kind: "initial", name: "", type: "kernel_t" },
      { kind: "port", name: "", type: "etc_t" },
      { kind: "fsuse", name: "ext4", type: "etc_t" },
      { kind: "genfs", name: "proc", type: "proc_t" },
    ],
  };

  /** Tenants beside those that the names of the types tell. */
  readonly claimed = new Map<string, string[]>();

  /** @param slots how many tenants, numbered from 1 */
  constructor(slots: number) {
    const { model } = this;
    for (const name of Object.values(ATTRIBUTES)) model.attributes[name] = [];
    this.give(ENGINE, ATTRIBUTES.engines);
    for (const type of [ENGINE, "init_t", "daemon_t", "helper_t", "unconfined_t"])
      this.give(type, "domain");
    for (let slot = 1; slot <= slots; slot++) this.#addTenant(slot);
    this.#addBase();
  }

  give(type: string, ...attributes: string[]): void {
    for (const attribute of attributes) this.model.attributes[attribute]?.push(type);
  }

  /** Rules in the language of policies, for example `allow a_t b_t:file { read };`. */
  add(text: string): void {
    for (const line of text.split(";")) {
      const named = /"(.+)"$/.exec(line.trim())?.[1];
      const rule = parseRule(line);
      if (!rule) continue;
      if (named === undefined) this.model.rules.push(rule);
      else
        this.model.filenameTransitions.push({ ...rule, newType: rule.newType ?? "", name: named });
    }
  }

  /** A rule that holds while the condition, in reverse Polish notation, is true; or else false. */
  addIf(condition: string, whenTrue: string, whenFalse = ""): void {
    const parse = (text: string): ModelRule[] =>
      text.split(";").flatMap((line) => parseRule(line) ?? []);
    const tokens = words(condition);
    this.model.conditionals.push({
      ...{ condition: tokens, whenTrue: parse(whenTrue) },
      whenFalse: parse(whenFalse),
    });
  }

  parse(): Policy {
    return parsePolicy(writePolicy(this.model));
  }

  prove(): Verdict {
    const policy = this.parse();
    const { tenants, attributes } = slotsOf(policy);
    const known = new Map([...tenants, ...this.claimed]);
    return prove(policy, {
      tenants: { tenants: known, attributes },
      trustedBase,
      shared: sharedTypes,
    });
  }

  #addTenant(slot: number): void {
    const { container, vm, file: root, volume, image, run } = slotTypes(slot);
    this.model.types.push(container, vm, root, volume, image, run);
    for (const type of [container, vm]) this.give(type, "domain", ATTRIBUTES.domains);
    for (const type of [root, volume, image, run]) this.give(type, "file_type", ATTRIBUTES.objects);
    for (const type of [container, vm, root, volume, image, run]) this.give(type, ATTRIBUTES.all);
    this.give(container, ATTRIBUTES.containers);
    this.give(vm, ATTRIBUTES.vms);
    this.give(volume, ATTRIBUTES.volumes);
    this.model.roles.system_r?.push(container, vm);
    this.add(`
      allow ${container} ${container}:process { fork signal ptrace };
      allow ${container} ${root}:file { read write create execute entrypoint };
      allow ${container} ${volume}:file { read write create };
      allow ${container} ${run}:file { read write create };
      allow ${vm} ${image}:blk_file { read write };
      type_transition ${container} tmpfs_t:file ${run};
      type_transition ${ENGINE} ${root}:process ${container};
      type_transition ${ENGINE} spool_t:dir ${image} "${slotName(slot)}"
    `);
  }

  #addBase(): void {
    const { containers, domains, all, objects, engines } = ATTRIBUTES;
    this.add(`
      allow ${domains} proc_t:file { read };
      allow ${domains} etc_t:file { read getattr };
      allow ${containers} null_device_t:chr_file { read write };
      allow ${domains} init_t:process { sigchld };
      allow init_t ${domains}:process { signal };
      allow init_t ${all}:file { read };
      allow ${engines} ${all}:process { transition signal };
      allow ${engines} ${objects}:file { read write relabelto };
      allow unconfined_domain file_type:file { read write };
      allow unconfined_domain domain:process { ptrace signal };
      allow daemon_t daemon_log_t:file { read write };
      allow daemon_t etc_t:file { read };
      allow helper_t daemon_log_t:file { read };
      allow helper_t spool_t:file { write };
      allow init_t etc_t:file { write };
    `);
  }
}

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}

function parseRule(line: string): ModelRule | undefined {
  const pattern = /^\s*(\w+) (\w+) (\w+):(\w+) (?:\{ ([\w ]+) \}|(\w+))/;
  const [, kind, source = "", target = "", of = "", permissions, newType] =
    pattern.exec(line) ?? [];
  if (kind === undefined) {
    if (line.trim() !== "") throw new Error(`not a rule: ${line}`);
    return undefined;
  }
  const rule = { kind: kind as ModelRule["kind"], source, target, class: of };
  return permissions === undefined
    ? { ...rule, newType: newType ?? "" }
    : { ...rule, permissions: words(permissions) };
}

/** The trusted base and the shared types of these policies. */
export const trustedBase = [ATTRIBUTES.engines, "unconfined_domain", "init_t"];
export const sharedTypes = ["null_device_t"];

/** One of everything that the version can hold. */
export function fullPolicy(version: number): TenantPolicy {
  const policy = new TenantPolicy(2);
  const { model } = policy;
  model.version = version;
  model.aliases.journal_t = "daemon_log_t";
  model.permissive.push("helper_t");
  policy.add(`
    auditallow daemon_t etc_t:file { read };
    dontaudit daemon_t bin_t:file { write };
    type_member daemon_t tmpfs_t:dir spool_t;
    type_change daemon_t spool_t:file etc_t;
    type_transition daemon_t tmpfs_t:dir spool_t "cache"`);
  policy.addIf(
    "on off not and",
    "allow daemon_t spool_t:file { read }",
    "allow daemon_t etc_t:file { write }",
  );
  policy.addIf(
    "off",
    "allow daemon_t bin_t:file { execute }; type_change daemon_t etc_t:dir bin_t",
  );
  if (version >= 30) policy.add("allowxperm daemon_t null_device_t:chr_file { ioctl }");
  if (version >= 34)
    policy.model.conditionals[0]?.whenTrue.push({
      ...{ kind: "allowxperm", source: "daemon_t", target: "tmpfs_t", class: "chr_file" },
      permissions: ["ioctl"],
    });
  const process = model.classes.find(({ name }) => name === "process");
  if (process)
    process.constraints = [
      { permissions: ["transition"], tokens: ["t1 eq t2", { names: ["init_t"] }, "or"] },
      { permissions: ["signal"], tokens: ["h1 dom h2", { names: ["daemon_t"] }, "not", "and"] },
    ];
  model.roleTransitions.push({
    role: "system_r",
    type: "bin_t",
    class: "process",
    newRole: "tenant_r",
  });
  model.roleAllows.push(["system_r", "tenant_r"]);
  model.rangeTransitions.push({ source: "init_t", target: "bin_t", class: "process" });
  const labels = ["filesystem", "interface", "node", "node6"] as const;
  for (const kind of labels) model.labels.push({ kind, name: "eth0", type: "unlabeled_t" });
  for (const kind of ["ibpkey", "ibendport"] as const)
    model.labels.push({ kind, name: "mlx0", type: "unlabeled_t" });
  return policy;
}
