/**
 * Profiles of AppArmor for nodes and virtual machines that run it instead of SELinux: Debian 12's
 * and Debian 13's compiler take them. Nothing is loaded into a kernel.
 */
import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SelinuxRoot } from "../lib/selinux-root.ts";

const run = promisify(execFile);
const directory = resolve(import.meta.dirname, "../../policies/apparmor");
const names = readdirSync(directory).sort();
/** Compile, but neither load nor keep anything. */
const options = ["--skip-kernel-load", "--skip-cache"];
let root: SelinuxRoot;

beforeAll(async () => {
  root = await SelinuxRoot.unpack();
  mkdirSync(join(root.path, "tmp/profiles"));
}, 300_000);
afterAll(() => root?.remove());

async function compiledHere(text: string): Promise<string> {
  const file = join(root.path, "tmp/profiles/here");
  writeFileSync(file, text);
  const { stdout } = await run("apparmor_parser", [...options, "--names", file], {
    timeout: 60_000,
  });
  await run("apparmor_parser", [...options, file], { timeout: 60_000 });
  return stdout;
}

async function compiledByDebian13(text: string): Promise<string> {
  writeFileSync(join(root.path, "tmp/profiles/there"), text);
  const parser = "/usr/sbin/apparmor_parser";
  await root.run(parser, [...options, "/tmp/profiles/there"]);
  return await root.run(parser, [...options, "--names", "/tmp/profiles/there"]);
}

test.each(names)("%s compiles, under its own name, and can be added to", async (name) => {
  const text = readFileSync(join(directory, name), "utf8");
  const children = name === "dsecos-agent" ? [`${name}//ceph`] : [];
  for (const compile of [compiledHere, compiledByDebian13])
    expect((await compile(text)).trim().split("\n")).toEqual([name, ...children]);
  expect(text).toContain(`include if exists <local/${name}>`);
});

test("a profile that is not well formed is refused by both", async () => {
  const text = readFileSync(join(directory, "dsecos-agent"), "utf8").replace("chown,", "chown");
  for (const compile of [compiledHere, compiledByDebian13])
    await expect(compile(text)).rejects.toThrow("syntax error");
});

test("no profile gives power over the kernel", () => {
  expect(names).toEqual(["dsecos-agent", "dsecos-guest", "dsecos-witness"]);
  const powers =
    /^\s*(?:capability (?:sys_|mac_|dac_|setfcap|bpf|perfmon|audit_write|mknod)|capability,|mount|pivot_root|change_profile|userns|file,|ptrace \(trace|ptrace,|signal,|all,)/m;
  for (const name of names) {
    const text = readFileSync(join(directory, name), "utf8");
    expect(text).not.toMatch(powers);
    // Unconfined children would be a way out.
    expect(text).not.toMatch(/\b[rwmkl]*[uUpPcC]x\b/);
    // A child's profile only takes away from its parent's.
    expect(text).not.toMatch(/[uUpPcC]ix\b(?! -> &)/);
    expect(text).not.toMatch(/flags=\([^)]*(complain|unconfined|default_allow)/);
  }
});
