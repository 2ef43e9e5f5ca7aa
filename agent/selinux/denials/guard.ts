/**
 * What is refused to tenants on purpose, so that nothing is offered that would open it. The proofs
 * decide in the end, at every build; this keeps from proposing what they would surely refuse.
 */
import { ATTRIBUTES, parseType } from "../policy/names.ts";
import type { Policy } from "../policydb/policy.ts";

/** Classes that stand for power over the machine. */
const powers = new Set([
  ...["security", "system", "capability", "capability2", "bpf", "perf_event", "lockdown"],
  ...["kernel_service", "memprotect", "module_request", "binder"],
]);
/** All that changes a thing or its label. */
const harm = new Set([
  ...["write", "append", "create", "unlink", "link", "rename", "reparent", "rmdir", "setattr"],
  ...["add_name", "remove_name", "mounton", "relabelfrom", "relabelto", "connectto", "sendto"],
]);
const running = new Set(["execute", "execute_no_trans", "entrypoint"]);
/** Types that policies/selinux/base/proof.cil calls closed; its attributes are looked for by name. */
export const closedTypes: ReadonlySet<string> = new Set([
  ...["shadow_t", "security_t", "policy_config_t", "selinux_config_t", "file_context_t"],
  ...["default_context_t", "auditd_log_t", "systemd_journal_t", "unlabeled_t", "memory_device_t"],
  ...["fixed_disk_device_t"],
]);
/** What tenants do more with than look at it, though it is the host's: a rule may be missing there. */
export const sharedWithTenants: ReadonlySet<string> = new Set([
  ...["null_device_t", "zero_device_t", "random_device_t", "urandom_device_t", "devtty_t"],
  ...["ptmx_t", "kvm_device_t", "vhost_device_t", "tun_tap_device_t", "incus_console_t"],
  ...["sysctl_net_t", "incus_qemu_exec_t", "cgroup_t"],
]);
const devices = ["device_node", "ptynode", "ttynode"];

export interface Attempt {
  readonly sourceType: string;
  readonly targetType: string;
  readonly class: string;
  readonly permissions: readonly string[];
}

/** @returns a sentence that says what was kept; undefined where the refusal is not on purpose */
export function guardOf(policy: Policy, attempt: Attempt): string | undefined {
  const source = parseType(attempt.sourceType);
  const target = parseType(attempt.targetType);
  const { permissions, class: kind } = attempt;
  if (source === undefined || !["container", "vm"].includes(source.kind))
    return target === undefined ? undefined : ofForeigner(policy, attempt);
  if (target !== undefined && target.slot !== source.slot)
    return "A process of one tenant reached for what is another tenant's. The isolation worked.";
  if (target === undefined) return ofHost(policy, attempt);
  const [from, to] = [source.kind, target.kind];
  if (
    (from === "container" && ["vm", "image"].includes(to)) ||
    (from === "vm" && ["container", "file"].includes(to))
  )
    return "Containers and virtual machines of one tenant are kept apart too. The isolation worked.";
  if (permissions.some((name) => name.startsWith("relabel")))
    return "A tenant's processes never change labels, since these are what keeps tenants apart.";
  if (permissions.some((name) => running.has(name)) && ["volume", "image"].includes(to))
    return "What lies on a tenant's volumes is data and never runs as a program.";
  if (powers.has(kind)) return "A tenant's process asked for power over the machine.";
  return undefined;
}

function ofHost(policy: Policy, { targetType, class: kind, permissions }: Attempt) {
  if (powers.has(kind))
    return "A tenant's process asked for power over the machine. The isolation worked.";
  if (sharedWithTenants.has(targetType)) return undefined;
  const attributes = policy.attributesOf(targetType);
  if (attributes.includes("domain"))
    return "A tenant's process reached for a process of the host. The isolation worked.";
  // A label that is not known is explained as that: it mostly is a mistake, not an attempt.
  const isClosed = closedTypes.has(targetType) && targetType !== "unlabeled_t";
  if (isClosed || attributes.includes("dsecos_host") || attributes.includes("dsecos_incus_file"))
    return "A tenant's process reached for what the host keeps to itself. The isolation worked.";
  const isDevice = kind === "chr_file" || kind === "blk_file";
  if (isDevice && devices.some((of) => attributes.includes(of)))
    return "A tenant's process reached for a device of the host. The isolation worked.";
  if (permissions.some((name) => harm.has(name)))
    return "A tenant's process tried to change something of the host. The isolation worked.";
  return undefined;
}

/** A process of the host that puts a tenant's domain on: only Incus may. */
function ofForeigner(policy: Policy, { sourceType, class: kind, permissions }: Attempt) {
  const enters = permissions.some((name) => name === "transition" || name === "dyntransition");
  if (kind !== "process" || !enters) return undefined;
  if (policy.attributesOf(sourceType).includes(ATTRIBUTES.engines)) return undefined;
  return "A process of the host tried to become a tenant's. Only Incus starts tenants' processes.";
}
