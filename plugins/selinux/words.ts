/** What the policy's short words mean, for people. */
import type { Proof } from "../../agent/selinux/answers.ts";
import type { ViolationKind } from "../../agent/selinux/proof/verdict.ts";
import { _ } from "../lib/i18n.ts";

/** Where the kernel shows the policy that it has loaded. */
export const loadedPolicy = "/sys/fs/selinux/policy";

/** Proves a policy on any machine, without an agent. */
export const proveFile = "dsecos selinux prove --policy FILE";

interface KindWords {
  title: string;
  means: string;
  todo: string;
}

/** @returns undefined for a kind that this page does not know yet */
export function kindWords(kind: string): KindWords | undefined {
  const kinds: Record<ViolationKind, KindWords> = {
    access: {
      title: _("direct access"),
      means: _("A rule lets one tenant act on what is another’s."),
      todo: _(
        "Take the rule out. Where it speaks through an attribute, take the tenants’ types out of that.",
      ),
    },
    flow: {
      title: _("way over the host"),
      means: _("What one tenant writes can be read by another, by way of types of the host."),
      todo: _("Break the way at any of its steps: take one of its rules out."),
    },
    escape: {
      title: _("way out"),
      means: _("A tenant may leave what confines it, for the kernel, the policy or the host."),
      todo: _("Take the rule out; no process of a tenant needs such a right."),
    },
    entry: {
      title: _("way in"),
      means: _("A domain of the host that is not trusted may become a tenant’s."),
      todo: _("Let only what starts tenants’ processes enter their domains."),
    },
    transition: {
      title: _("foreign type"),
      means: _("What a tenant starts or makes gets a type that is not its own."),
      todo: _("Correct the rule so that it names a type of the same tenant."),
    },
    label: {
      title: _("tenant’s label on the host"),
      means: _("The policy itself labels a thing of the host with a tenant’s type."),
      todo: _("Give that thing a type of the host."),
    },
    permissive: {
      title: _("permissive domain"),
      means: _("The kernel refuses nothing to this domain, whatever the rules say."),
      todo: _("Build the policy without “typepermissive” for it."),
    },
    description: {
      title: _("unclear owner"),
      means: _("A type belongs to no tenant that is known, or to two, or is trusted by mistake."),
      todo: _("Correct what generates the policy: every type of a tenant has exactly one owner."),
    },
  };
  return (kinds as Record<string, KindWords>)[kind];
}

/** @returns why a name is on the proof's lists; empty for one that this page does not know */
export function assumptionWords(name: string): string {
  const names: Record<string, string> = {
    incusd_t: _("Incus, which starts tenants’ processes and labels their files."),
    init_t: _("systemd, the first process of the node."),
    kernel_t: _("The kernel’s own threads."),
    unconfined_domain_type: _("Everything unconfined: root’s shell on the host."),
    devtty_t: _("/dev/tty, which is each process’s own terminal."),
    null_device_t: _("/dev/null, which keeps nothing."),
    ptmx_t: _("/dev/ptmx, which opens a new terminal for whoever asks."),
    zero_device_t: _("/dev/zero, which keeps nothing."),
  };
  return names[name] ?? "";
}

type UnknownPermissions = NonNullable<Proof["policy"]>["unknown"];

export function unknownWords(unknown: UnknownPermissions): string {
  const words = {
    deny: _("are refused"),
    reject: _("stop the policy from being loaded"),
    allow: _("are allowed: a newer kernel may let pass what no rule speaks about"),
  };
  return words[unknown];
}
