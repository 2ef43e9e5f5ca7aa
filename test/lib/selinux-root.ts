/**
 * Debian 13's own SELinux programs and policy, unpacked into a directory and not installed: nothing
 * of this machine changes, and no policy is loaded.
 */
import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { mmdebstrap } from "../../packaging/image/mmdebstrap.js";
import { removeTree } from "./remove-tree.js";

const run = promisify(execFile);
const packages = [
  ...["selinux-utils", "selinux-policy-default", "policycoreutils", "secilc", "apparmor"],
];
const modules = "/usr/share/selinux/default";
const mostOutput = 64 * 1024 * 1024;

export class SelinuxRoot {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async unpack(): Promise<SelinuxRoot> {
    const path = mkdtempSync(join(tmpdir(), "dsecos-selinux-"));
    const options = ["--variant=extract", `--include=${packages.join(",")}`];
    await mmdebstrap(options, "trixie", path);
    // base-files makes these where it is installed.
    for (const name of ["bin", "sbin", "lib", "lib64"])
      if (!existsSync(join(path, name))) symlinkSync(`usr/${name}`, join(path, name));
    return new SelinuxRoot(path);
  }

  /** @returns standard output. @throws when it ends with an error or takes more than 5 minutes */
  async run(program: string, args: readonly string[]): Promise<string> {
    const options = { timeout: 300_000, maxBuffer: mostOutput, encoding: "latin1" as const };
    return (await run("chroot", [this.path, program, ...args], options)).stdout;
  }

  /**
   * The file_contexts of Debian's whole policy, in the order that its compiler gives them.
   *
   * @param asCil where the modules are put on the way, inside of the root
   */
  async fileContexts(asCil = "/tmp/cil"): Promise<string> {
    mkdirSync(join(this.path, asCil), { recursive: true });
    const names = readdirSync(join(this.path, modules)).filter((name) => name.endsWith(".pp.bz2"));
    const queue = [...names];
    const work = async () => {
      for (let name = queue.pop(); name !== undefined; name = queue.pop())
        await this.#convert(name, asCil);
    };
    await Promise.all(Array.from({ length: availableParallelism() }, work));
    const files = names.map((name) => `${asCil}/${basename(name, ".pp.bz2")}.cil`);
    const output = ["-o", "/tmp/policy", "-f", "/tmp/file_contexts"];
    await this.run("/usr/bin/secilc", ["-N", "-M", "true", "-P", "-m", ...output, ...files]);
    return join(this.path, "tmp/file_contexts");
  }

  async #convert(name: string, to: string): Promise<void> {
    const packed = join(this.path, modules, name);
    const options = { maxBuffer: mostOutput, encoding: "buffer" as const, timeout: 60_000 };
    const { stdout } = await run("bzip2", ["-dc", packed], options);
    const file = `${to}/${basename(name, ".bz2")}`;
    writeFileSync(join(this.path, file), stdout);
    await this.run("/usr/libexec/selinux/hll/pp", [file, file.replace(/\.pp$/, ".cil")]);
  }

  remove(): void {
    removeTree(this.path);
  }
}
