/**
 * The whole policy, compiled by Debian 13's secilc and looked at with Debian 13's setools. Nothing
 * is loaded into a kernel.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sharedTypes, trustedBase } from "../../agent/selinux/assumptions.ts";
import { BudgetError } from "../../agent/selinux/policy/budget.ts";
import { buildPolicy, SPARE_SLOTS } from "../../agent/selinux/policy/build.ts";
import { type Compiled, compile, type Sources } from "../../agent/selinux/policy/compile.ts";
import { convertModules, modulesOf, readModuleList } from "../../agent/selinux/policy/debian.ts";
import { generate } from "../../agent/selinux/policy/generate.ts";
import { KINDS, LAST_SLOT, parseType } from "../../agent/selinux/policy/names.ts";
import { ProgramError, type Tools } from "../../agent/selinux/policy/program.ts";
import { CompileError, NeverallowError } from "../../agent/selinux/policy/refusal.ts";
import { parsePolicy } from "../../agent/selinux/policydb/policy.ts";
import { prove } from "../../agent/selinux/proof/prove.ts";
import { slotsOf } from "../../agent/selinux/proof/tenants.ts";
import { policyLeaks } from "../lib/policy-leaks.ts";
import { programIn, pythonIn, selinuxRoot, toolsIn } from "../lib/selinux-tools.js";

const own = resolve(import.meta.dirname, "../../policies/selinux");
const run = promisify(execFile);

let root = "";
let work = "";
let tools: Tools;
let modules: string[] = [];

const tenants = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ name: `t${index}`, number: index + 1 }));

const sources = (count: number, spare: number): Sources => ({
  ...{ modules, own },
  generated: generate({ tenants: tenants(count), spare }),
});

/** Number of things in a policy, as seinfo counts them, by their names. */
async function seinfo(policy: string): Promise<Map<string, number>> {
  const { command, args, env } = pythonIn(root, "seinfo");
  const { stdout } = await run(command, [...args, policy], { env, timeout: 120_000 });
  const counts = [...stdout.matchAll(/([A-Z][A-Za-z_. ]+?):\s+(\d+)(?!\S)/g)];
  return new Map(counts.map(([, name = "", count]) => [name, Number(count)]));
}

/** @param what `-t` for the names of all types, `-a` for those of attributes */
async function listed(policy: string, what: "-t" | "-a"): Promise<Set<string>> {
  const { command, args, env } = pythonIn(root, "seinfo");
  const { stdout } = await run(command, [...args, policy, what], { env, timeout: 120_000 });
  return new Set([...stdout.matchAll(/^ {3}(\w+)$/gm)].map(([, name = ""]) => name));
}

async function sesearch(policy: string, ...query: string[]): Promise<string> {
  const { command, args, env } = pythonIn(root, "sesearch");
  return (await run(command, [...args, ...query, policy], { env, timeout: 120_000 })).stdout;
}

beforeAll(async () => {
  root = await selinuxRoot();
  tools = toolsIn(root);
  work = mkdtempSync(join(tmpdir(), "dsecos-selinux-compile-"));
  const names = modulesOf(await readModuleList(join(own, "modules.json")));
  const from = join(root, "usr/share/selinux/default");
  modules = await convertModules(names, from, join(work, "modules"), tools);
}, 900_000);

afterAll(() => rmSync(work, { recursive: true, force: true }));

describe("the whole policy", () => {
  let ten: Compiled;
  let output = "";

  beforeAll(async () => {
    output = join(work, "ten");
    ten = await compile(sources(10, 64), output, tools);
  }, 300_000);

  it("has more than 400 types of our own with the spare ones, beside Debian's", async () => {
    const base = readdirSync(join(own, "base")).map((name) =>
      readFileSync(join(own, "base", name)),
    );
    const names = [
      ...Buffer.concat(base)
        .toString()
        .matchAll(/^\(type (\S+)\)/gm),
    ].map(([, name = ""]) => name);
    const types = await listed(ten.policy, "-t");
    expect(names.filter((name) => !types.has(name))).toEqual([]);
    const ofTenants = [...types].filter((name) => parseType(name) !== undefined);
    expect(ofTenants).toHaveLength(74 * KINDS.length);
    expect(64 * KINDS.length + names.length).toBeGreaterThan(400);
    const counts = await seinfo(ten.policy);
    expect(counts.get("Types")).toBe(types.size);
    expect(counts.get("Permissives")).toBe(0);
  });

  it("is what is said of it, in version 33", () => {
    const policy = readFileSync(ten.policy);
    expect(ten.policy).toBe(join(output, "policy.33"));
    expect(createHash("sha256").update(policy).digest("hex")).toBe(ten.sha256);
    expect(policy).toHaveLength(ten.bytes);
    // Magic, length and text "SE Linux", version: 4, 4, 8 and 4 bytes.
    expect(policy.readUInt32LE(0)).toBe(0xf97cff8c);
    expect(policy.readUInt32LE(16)).toBe(33);
    expect(ten).toMatchObject({ slots: 74 });
    expect(readdirSync(output).sort()).toEqual(["file_contexts", "policy.33"]);
  });

  it("is the same to the last byte when it is built again, from Debian's modules on", async () => {
    const places = { own, modules: join(root, "usr/share/selinux/default"), tools };
    const again = join(work, "again");
    const plan = { tenants: tenants(10), spare: SPARE_SLOTS };
    expect((await buildPolicy(plan, again, places)).sha256).toBe(ten.sha256);
    expect(readdirSync(again).sort()).toEqual(["file_contexts", "policy.33"]);
  });

  it("keeps the attributes of the proof to the compiler", async () => {
    const attributes = await listed(ten.policy, "-a");
    expect(attributes).toContain("dsecos_tenant_domain");
    const left = [...attributes].filter((name) => /^dsecos_(apart|foreign|closed|not_)/.test(name));
    expect(left).toEqual([]);
  });

  it("enters a tenant by the label of what Incus starts, and by no other way", async () => {
    const into = await sesearch(
      ten.policy,
      "-A",
      "-t",
      "tenant0003_t",
      "-c",
      "process",
      "-p",
      "transition",
    );
    expect(into.trim()).toMatch(/^allow incusd_t dsecos_tenant_domain:process \{[^\n]*\};$/);
    const by = await sesearch(
      ten.policy,
      "-T",
      "-s",
      "incusd_t",
      "-t",
      "tenant0003_file_t",
      "-c",
      "process",
    );
    expect(by.trim()).toBe("type_transition incusd_t tenant0003_file_t:process tenant0003_t;");
    const run = await sesearch(
      ten.policy,
      "-A",
      "-s",
      "incusd_t",
      "-c",
      "file",
      "-p",
      "execute_no_trans",
    );
    expect(run).not.toMatch(/tenant|incus_pool_t|file_type/);
  });

  it("lets the agent and its helper connect to Ceph, and to little else", async () => {
    const connects = async (source: string) => {
      const query = ["-A", "-s", source, "-c", "tcp_socket", "-p", "name_connect"];
      return (await sesearch(ten.policy, ...query)).trim().split("\n").sort();
    };
    const rule = (source: string, port: string) =>
      `allow ${source} ${port}:tcp_socket name_connect;`;
    const web = "[ dsecos_gateway_on_web_ports ]:True";
    expect(await connects("dsecos_ceph_t")).toEqual([rule("dsecos_ceph_t", "dsecos_ceph_port")]);
    expect(await connects("dsecos_agent_t")).toEqual([
      rule("dsecos_agent_t", "dsecos_ceph_port"),
      rule("dsecos_agent_t", "dsecos_gateway_port_t"),
      `${rule("dsecos_agent_t", "http_cache_port_t")} ${web}`,
      `${rule("dsecos_agent_t", "http_port_t")} ${web}`,
      // Names, as every program of the node looks them up.
      rule("nsswitch_domain", "dns_port_t"),
      `${rule("nsswitch_domain", "ldap_port_t")} [ authlogin_nsswitch_use_ldap ]:True`,
    ]);
    const { command, args, env } = pythonIn(root, "seinfo");
    const ports = [...args, ten.policy, "--portcon"];
    const { stdout } = await run(command, ports, { env, timeout: 120_000 });
    const labelled = stdout.match(/portcon tcp \S+ system_u:object_r:dsecos_\w+/g) ?? [];
    expect(labelled.map((line) => line.replace(/ system_u.*:/, " ")).sort()).toEqual([
      "portcon tcp 3300 dsecos_ceph_port_t",
      "portcon tcp 6789 dsecos_ceph_port_t",
      "portcon tcp 6800-7568 dsecos_ceph_port_t",
      "portcon tcp 7480 dsecos_gateway_port_t",
    ]);
  });

  it("has none of the types of what a node does not run", async () => {
    const types = await listed(ten.policy, "-t");
    expect(types).toContain("incusd_t");
    for (const name of ["container_t", "svirt_t", "virtd_t", "dockerd_t", "httpd_t", "xserver_t"])
      expect(types).not.toContain(name);
  });

  it("is proved by our own reader as well, and needs all that is taken for granted", () => {
    const policy = parsePolicy(readFileSync(ten.policy));
    const verdict = prove(policy, {
      tenants: slotsOf(policy),
      ...{ trustedBase, shared: sharedTypes },
    });
    expect(verdict.violations.map(({ sentence }) => sentence)).toEqual([]);
    expect(verdict).toMatchObject({ proved: true, unneeded: { trustedBase: [], shared: [] } });
    expect(verdict.counts.tenants).toBe(74);
  });

  it("labels the storage of slots, and the programs where Debian puts them", async () => {
    const pool = "/var/lib/incus/storage-pools/tenant0074";
    const expected: Record<string, string> = {
      [`${pool}/containers/p_web/rootfs/sbin/init`]: "tenant0074_file_t",
      [`${pool}/custom/p_data/bin/sh`]: "tenant0074_vol_t",
      [`${pool}/virtual-machines/p_db/root.img`]: "tenant0074_img_t",
      "/var/lib/incus/storage-pools/tenant0075/containers/p_web": "incus_pool_t",
      "/var/lib/incus/database/global": "incus_var_lib_t",
      "/usr/libexec/incus/incusd": "incusd_exec_t",
      "/usr/lib/cockpit/cockpit-ws": "cockpit_ws_exec_t",
      "/usr/lib/cockpit/cockpit-session": "cockpit_session_exec_t",
      "/var/lib/dsecos/audit/log/00000000": "dsecos_record_t",
      "/usr/lib/dsecos/ceph-helper.py": "dsecos_ceph_exec_t",
      "/usr/bin/radosgw-admin": "dsecos_ceph_exec_t",
      "/etc/ceph/ceph.client.dsecos.keyring": "dsecos_ceph_conf_t",
      "/home/ada/.ssh/id_ed25519": "ssh_home_t",
      "/root/.ssh/id_ed25519": "ssh_home_t",
      "/etc/shadow": "shadow_t",
    };
    const { command, args } = programIn(root, "usr/sbin/matchpathcon");
    const query = ["-f", ten.fileContexts, "-n", ...Object.keys(expected)];
    const { stdout } = await run(command, [...args, ...query], { timeout: 60_000 });
    const types = stdout
      .trim()
      .split("\n")
      .map((context) => context.split(":")[2]);
    expect(types).toEqual(Object.values(expected));
  });

  it("has every label that it gives", async () => {
    const { command, args } = programIn(root, "usr/sbin/setfiles");
    await run(command, [...args, "-c", ten.policy, ten.fileContexts], { timeout: 60_000 });
    const wrong = join(work, "wrong_contexts");
    const text = readFileSync(ten.fileContexts, "utf8");
    writeFileSync(wrong, text.replace("tenant0001_img_t", "tenant0075_img_t"));
    const check = run(command, [...args, "-c", ten.policy, wrong], { timeout: 60_000 });
    await expect(check).rejects.toThrow("tenant0075_img_t is not defined");
  });

  it("is compiled for 1,000 tenants", async () => {
    const thousand = await compile(sources(1_000, 64), join(work, "thousand"), tools);
    const counts = await seinfo(thousand.policy);
    const before = await seinfo(ten.policy);
    const more = (name: string) => (counts.get(name) ?? 0) - (before.get(name) ?? 0);
    expect(more("Types")).toBe(990 * KINDS.length);
    expect(more("Attributes")).toBe(0);
    // As many rules for each slot as for each other.
    expect(more("Allow") % 990).toBe(0);
    expect(more("Type_trans") % 990).toBe(0);
    expect(thousand.typeIds).toBeLessThan(9_000);
  }, 600_000);
});

describe("a rule that lets tenants at each other or at the host", () => {
  it("is refused by the compiler, which names the rule", async () => {
    const leaky = join(work, "leaky");
    cpSync(own, leaky, { recursive: true });
    const file = join(leaky, "base/zz.cil");
    const output = join(work, "refused");
    let left = Object.entries(policyLeaks);
    // The compiler names four guilty rules for each that does not hold, so it is asked again.
    for (;;) {
      writeFileSync(file, left.map(([, cil]) => `${cil}\n`).join(""));
      const error = await compile({ ...sources(10, 4), own: leaky }, output, tools).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      const violations = error instanceof NeverallowError ? error.violations : [];
      const guilty = violations.flatMap(({ allowedBy }) => allowedBy);
      const lines = new Set(guilty.filter((place) => place.file === file).map(({ line }) => line));
      const after = left.filter((_, index) => !lines.has(index + 1));
      expect(readdirSync(output)).toEqual([]);
      expect(after.length, `not found: ${left.map(([what]) => what).join(", ")}`).toBeLessThan(
        left.length,
      );
      left = after;
      if (left.length === 0) break;
    }
  }, 600_000);
});

describe("a compiler that does not finish", () => {
  it("leaves the policy that was there", async () => {
    const output = join(work, "kept");
    await compile(sources(2, 1), output, tools);
    const before = readFileSync(join(output, "policy.33"));
    const broken = join(work, "broken");
    cpSync(own, broken, { recursive: true });
    appendFileSync(join(broken, "base/tenants.cil"), "(allow nobody_t nowhere_t (file (read)))\n");
    await expect(compile({ ...sources(2, 1), own: broken }, output, tools)).rejects.toThrow(
      CompileError,
    );
    expect(readFileSync(join(output, "policy.33"))).toEqual(before);
    expect(readdirSync(output).sort()).toEqual(["file_contexts", "policy.33"]);
  });

  it("is told from a policy that is wrong", async () => {
    const missing = { ...tools, secilc: { command: "/nowhere/secilc" } };
    const made = compile(sources(2, 1), join(work, "missing"), missing);
    await expect(made).rejects.toThrow(ProgramError);
    await expect(made).rejects.toThrow("/nowhere/secilc is missing: install its package");
  });

  it("is not started where there are more types than the kernel has numbers for", async () => {
    const extra = join(work, "large");
    cpSync(own, extra, { recursive: true });
    const names = Array.from({ length: 6_000 }, (_, index) => `(type filler${index}_t)\n`);
    mkdirSync(join(extra, "base"), { recursive: true });
    writeFileSync(join(extra, "base/filler.cil"), names.join(""));
    const all = { ...sources(0, LAST_SLOT), own: extra };
    await expect(compile(all, join(work, "large-out"), tools)).rejects.toThrow(BudgetError);
  });
});
