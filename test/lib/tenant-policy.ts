import { ATTRIBUTES, ENGINE, slotTypes } from "../../agent/selinux/policy/names.ts";
import type { ModelRule, PolicyModel } from "./policy-writer.ts";

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
    `);
  }

  #addBase(): void {
    const { containers, domains, all, objects, engines } = ATTRIBUTES;
    this.add(`
      allow ${domains} proc_t:file { read };
      allow ${domains} etc_t:file { read getattr };
      allow ${containers} null_device_t:chr_file { read write };
      allow ${domains} init_t:process { sigchld };
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
export const trustedBase = [ENGINE, "unconfined_domain", "init_t", "kernel_t"];
export const sharedTypes = ["null_device_t"];
