/** What each part of the page is about, with the commands that do the same. */
import { selinux } from "../../agent/selinux/contract.ts";
import { commandOf } from "../lib/command.ts";
import { CommandHelp } from "../lib/help.tsx";
import { _ } from "../lib/i18n.ts";
import { proveFile } from "./words.ts";

interface Part {
  text: string;
  commands: string[];
}

function partOf(tab: string): Part {
  const parts: Record<string, () => Part> = {
    denials: () => ({
      text: _(
        "What SELinux refused, as the kernel and programs wrote it into the audit. Denials that are alike are one row. Each is explained from the rules of the loaded policy: whether it was right to refuse it, and where not, what would let it through and what else that would open.",
      ),
      commands: [
        commandOf(selinux, "Denials", [{}]),
        "ausearch --message AVC,USER_AVC --start boot",
      ],
    }),
    tenants: () => ({
      text: _(
        "Types belong to numbered slots, six to each: what runs, and what that may act on. A tenant takes a slot when it is created, so no policy is built for it; the spare ones wait for the next tenants.",
      ),
      commands: [commandOf(selinux, "Tenants", [{}])],
    }),
    labels: () => ({
      text: _(
        "The kernel goes by labels: a rule is worth as much as the label on the file. The agent compares what runs, and samples of the files of every tenant and of guarded places of the host, with what the policy says.",
      ),
      commands: [
        commandOf(selinux, "Labels", []),
        commandOf(selinux, "LabelReport", [{}]),
        "restorecon -n -v -R /var/lib/incus",
      ],
    }),
    settings: () => ({
      text: _(
        "What can be changed without another policy, and what the loaded policy is made of. A boolean that is set here holds until the next start, and needs a second person.",
      ),
      commands: [commandOf(selinux, "Settings", []), "getsebool -a", "semanage port --list"],
    }),
    policies: () => ({
      text: _(
        "A policy is built from the tenants that there are, proved twice, signed and kept. A second person agrees before it is loaded, and it goes again by itself unless whoever loaded it confirms in time that the node still works.",
      ),
      commands: [
        commandOf(selinux, "Build", []),
        commandOf(selinux, "Policies", [{}]),
        commandOf(selinux, "Compare", ["loaded", "SHA-256", {}]),
      ],
    }),
    proof: () => ({
      text: _(
        "The agent reads the rules that the kernel has loaded and follows every way from one tenant to another: directly, over attributes, booleans and transitions, and over any number of the host’s types. Each way that it finds is listed with the guilty rule.",
      ),
      commands: [commandOf(selinux, "Prove", []), proveFile],
    }),
    why: () => ({
      text: _(
        "Which rules of the loaded policy let one type act on another, which booleans would, and which constraints could still refuse it.",
      ),
      commands: [commandOf(selinux, "Why", ["tenant0001_t", "tenant0002_vol_t", "file"])],
    }),
  };
  return (
    parts[tab]?.() ?? {
      text: _(
        "Each tenant has types of its own in the kernel’s policy. The agent reads the policy that the kernel has loaded and proves from its rules that no tenant reaches another: with every policy that is loaded, and every hour. You need not believe it: the same proof runs on any machine.",
      ),
      commands: [
        commandOf(selinux, "Show", []),
        commandOf(selinux, "Prove", []),
        commandOf(selinux, "Why", ["tenant0001_t", "tenant0002_vol_t", "file"]),
      ],
    }
  );
}

export function Help({ tab }: { tab: string }) {
  return <CommandHelp label={_("About SELinux")} {...partOf(tab)} />;
}
