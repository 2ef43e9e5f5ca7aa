/**
 * A fake of the kernel's selinuxfs: real policies, but no kernel that enforces them. Directories stand
 * in its place, in a mount namespace of the program alone, which needs no change for that.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Fixed text; what varies comes as arguments. The program takes the place of the shell. */
const enter = `
set -e
dir=$1
shift
mount --rbind /sys/fs/cgroup "$dir/fs/cgroup"
mount --rbind "$dir/fs" /sys/fs
mount --bind "$dir/security" /sys/kernel/security
mount --bind "$dir/etc" /etc/selinux
exec "$@"`;

const contexts = "etc/enterprise/contexts/files";

export class FakeSelinuxfs {
  readonly #directory: string;
  #loads = 0;

  /** @param directory an empty one, which the caller removes */
  constructor(directory: string) {
    this.#directory = directory;
    for (const name of ["fs/selinux/booleans", "fs/cgroup", "security", contexts])
      mkdirSync(join(directory, name), { recursive: true });
    writeFileSync(join(directory, "security/lsm"), "lockdown,capability,landlock,yama,selinux");
    writeFileSync(join(directory, "etc/config"), "SELINUX=enforcing\nSELINUXTYPE=enterprise\n");
    // Labels are looked at, and restored, in this directory alone.
    const rule = "/etc/selinux(/.*)?\tsystem_u:object_r:etc_t:s0\n";
    writeFileSync(join(directory, contexts, "file_contexts"), rule);
    writeFileSync(join(directory, contexts, "../customizable_types"), "container_file_t\n");
  }

  /** @param booleans with their values; the kernel shows each with what is pending */
  load(policy: Buffer, booleans: Readonly<Record<string, boolean>> = {}): void {
    this.#loads += 1;
    const flags = { enforce: 1, deny_unknown: 1, reject_unknown: 0, checkreqprot: 0 };
    for (const [name, value] of Object.entries(flags)) this.#write(name, `${value}`);
    this.#write("policyvers", "33");
    this.#write("policy", policy);
    for (const [name, value] of Object.entries(booleans))
      this.#write(`booleans/${name}`, value ? "1 1" : "0 0");
    // struct selinux_kernel_status: version, sequence, enforcing, policyload, deny_unknown.
    const status = Buffer.alloc(20);
    [1, this.#loads * 2, 1, this.#loads, 1].forEach((value, at) => {
      status.writeUInt32LE(value, at * 4);
    });
    this.#write("status", status);
  }

  /** Starts a program that sees this in place of the kernel's. */
  run(command: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
    const inside = ["--mount", "--propagation", "private", "sh", "-c", enter, "sh"];
    return spawn("unshare", [...inside, this.#directory, command, ...args], {
      env,
      stdio: ["ignore", "ignore", "inherit"],
    });
  }

  #write(name: string, content: string | Buffer): void {
    writeFileSync(join(this.#directory, "fs/selinux", name), content);
  }
}
