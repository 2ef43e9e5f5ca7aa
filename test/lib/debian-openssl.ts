/**
 * OpenSSL 3.5 as Debian 13 ships it, taken out of the image that instances are made of and run with
 * that image's own libraries: this machine may have an older one, which knows no post-quantum keys.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { buildImage } from "../../packaging/image/build.js";
import { programIn } from "./selinux-tools.js";

const run = promisify(execFile);

const patterns = [
  "rootfs/usr/bin/openssl",
  ...[
    "ld-linux-*",
    "libc.so.6",
    "libssl.so.3",
    "libcrypto.so.3",
    "libz.so.1*",
    "libzstd.so.1*",
  ].map((name) => `rootfs/usr/lib/*-linux-gnu/${name}`),
];

export interface DebianOpenssl {
  /** What `openssl version` says. */
  readonly version: string;
  /** How it is started: its own loader, `--library-path`, its libraries, and itself. */
  readonly command: readonly string[];
  /** @returns What it writes to its output. */
  run(args: readonly string[]): Promise<Buffer>;
  /** Path of a file in its directory, with this content if it is given. */
  file(name: string, content?: Uint8Array): string;
  read(name: string): Buffer;
  end(): void;
}

export async function debianOpenssl(): Promise<DebianOpenssl> {
  const { file: image } = await buildImage();
  const directory = mkdtempSync(join(tmpdir(), "dsecos-openssl-"));
  const unpack = ["-xf", image, "-C", directory, "--no-same-owner", "--wildcards"];
  await run("tar", [...unpack, ...patterns], { timeout: 60_000 });
  const { command, args: first } = programIn(join(directory, "rootfs"), "usr/bin/openssl");
  // Nothing of this machine's configuration, which may be an older OpenSSL's.
  const env = { OPENSSL_CONF: "/dev/null" };
  const openssl = async (args: readonly string[]) => {
    const options = { env, timeout: 20_000, maxBuffer: 1 << 20, encoding: "buffer" as const };
    return (await run(command, [...first, ...args], options)).stdout;
  };
  const path = (name: string) => join(directory, name);
  return {
    version: (await openssl(["version"])).toString("utf8").trim(),
    command: [command, ...first],
    run: openssl,
    file: (name, content) => {
      if (content !== undefined) writeFileSync(path(name), content);
      return path(name);
    },
    read: (name) => readFileSync(path(name)),
    end: () => rmSync(directory, { recursive: true, force: true }),
  };
}
