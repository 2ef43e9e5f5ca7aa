/**
 * The script that makes the secret of the software HSM, with the real systemd-creds, in a root of its
 * own. Not on a file system in memory, where systemd-creds keeps no key.
 */
import { execFile } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, it } from "vitest";
import { sealing } from "../../agent/hsm/drivers/credential.ts";
import { removeTree } from "../lib/remove-tree.js";

const run = promisify(execFile);
const script = resolve(import.meta.dirname, "../../packaging/hsm/make-secret");
const secret = "etc/credstore.encrypted/hsm-softhsm";
const state = "var/lib/dsecos-hsm/softhsm";

const mounted = ["usr", "dev", "proc"];
/** $1 is the root; what follows runs in it. Its mounts end with it. */
const inRoot = `
root=$1; shift
for directory in ${mounted.join(" ")}; do mount --rbind "/$directory" "$root/$directory"; done
exec chroot "$root" "$@"`;

let root: string;
const path = (inside: string) => join(root, inside);
beforeEach(() => {
  root = mkdtempSync("/var/tmp/dsecos-secret-");
  const own = ["tmp", "var/lib/systemd", "etc/credstore.encrypted", `${state}/tokens`];
  for (const directory of [...mounted, ...own]) mkdirSync(path(directory), { recursive: true });
  for (const link of ["bin", "sbin", "lib", "lib64"]) symlinkSync(`usr/${link}`, path(link));
  writeFileSync(path("etc/machine-id"), `${"0123456789abcdef".repeat(2)}\n`);
  copyFileSync(script, path("make-secret"));
});
afterEach(() => {
  // These must be empty, or what would be removed is the machine's.
  for (const directory of mounted) rmdirSync(path(directory));
  removeTree(root);
});

function within(...command: string[]) {
  const namespace = ["--mount", "--propagation", "private", "sh", "-ec", inRoot, "sh", root];
  return run("unshare", [...namespace, ...command], { timeout: 30_000, encoding: "buffer" });
}
const make = () => within("/usr/bin/bash", "/make-secret");
const opened = async () => {
  const { stdout } = await within(
    "systemd-creds",
    "decrypt",
    "--name=hsm-softhsm",
    `/${secret}`,
    "-",
  );
  return stdout;
};
const refused = async () => {
  const error = await make().then(
    () => new Error("it made a secret"),
    (failure) => failure as { stderr: Buffer },
  );
  expect(existsSync(path(secret))).toBe(false);
  return String("stderr" in error ? error.stderr : error);
};

it("makes 32 bytes that only this machine opens, once", async () => {
  await make();
  const made = await opened();
  expect(made).toHaveLength(32);
  expect(sealing(readFileSync(path(secret), "latin1")).seal).not.toBe("unknown");
  await make();
  expect(await opened()).toEqual(made);
  expect(existsSync(path(`${secret}.new`))).toBe(false);
});

it.each([`${state}/tokens`, state, "var/lib/dsecos-hsm"])(
  "makes it where there is no %s yet",
  async (missing) => {
    rmSync(path(missing), { recursive: true });
    await make();
    expect(await opened()).toHaveLength(32);
  },
);

it("makes it where a driver ran before it, and had no token", async () => {
  writeFileSync(path(`${state}/uses`), "");
  await make();
  expect(await opened()).toHaveLength(32);
});

it("makes none while there is a token, which another would not open", async () => {
  mkdirSync(path(`${state}/tokens/0c1d`));
  expect(await refused()).toMatch(
    /only it opens .*tokens\/0c1d is left: put .* back from its backup/,
  );
  rmSync(path(`${state}/tokens/0c1d`), { recursive: true });
  await make();
});

it("makes none where only what the driver counted tells of tokens", async () => {
  rmSync(path(`${state}/tokens`), { recursive: true });
  writeFileSync(path(`${state}/uses`), "a use");
  expect(await refused()).toMatch(/softhsm\/uses is left/);
});

it("leaves nothing behind when it cannot be encrypted, and is well when it can", async () => {
  // As where the TPM is busy: there is no key to encrypt it with.
  writeFileSync(path("var/lib/systemd/credential.secret"), "not a key");
  chmodSync(path("var/lib/systemd/credential.secret"), 0o400);
  expect(await refused()).toMatch(/could not encrypt .*: systemctl restart dsecos-hsm@softhsm/);
  expect(existsSync(path(`${secret}.new`))).toBe(false);
  rmSync(path("var/lib/systemd/credential.secret"));
  await make();
  expect(await opened()).toHaveLength(32);
});
