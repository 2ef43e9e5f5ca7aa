/** Where SELinux is switched on: this machine, or a tree that stands for it. */
import { join } from "node:path";
import { System } from "../../node/system.ts";
import type { Program } from "../policy/program.ts";

export interface Place {
  /** The root directory; `/` for this machine. */
  readonly root: string;
  /** Writes the boot loader's configuration anew. */
  readonly updateGrub: Program;
  /** Where the agent keeps built policies, below the root. */
  readonly policies: string;
  /** Socket of Incus. */
  readonly incus: string;
}

export const thisMachine: Place = {
  root: "/",
  updateGrub: { command: "/usr/sbin/update-grub" },
  policies: "/var/lib/dsecos/selinux",
  incus: "/var/lib/incus/unix.socket",
};

export const configFile = "/etc/selinux/config";
export const grubSnippet = "/etc/default/grub.d/dsecos-selinux.cfg";
export const grubConfig = "/boot/grub/grub.cfg";
export const relabelMark = "/.autorelabel";
/** What was there before, for taking it back. */
export const activationRecord = "activation.json";

export const systemOf = ({ root }: Place) => new System(root);
export const under = ({ root }: Place, path: string) => join(root, path);
