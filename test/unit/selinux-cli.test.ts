/** `dsecos selinux prove` and `why`, without an agent, on files with policies. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runProgram } from "../../agent/cli/program.ts";
import type { Terminal } from "../../agent/cli/terminal.ts";
import { contracts } from "../../agent/contracts.ts";
import { writePolicy } from "../lib/policy-writer.ts";
import { TenantPolicy } from "../lib/tenant-policy.ts";

const shares = ["--share", "null_device_t", "--trust", "unconfined_domain"];
let directory: string;
let good: string;
let leaking: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "dsecos-policy-"));
  good = put("good", new TenantPolicy(2));
  const leak = new TenantPolicy(2);
  leak.add("allow tenant0001_t tenant0002_vol_t:file { read };");
  leaking = put("leaking", leak);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function put(name: string, policy: TenantPolicy): string {
  const file = join(directory, name);
  writeFileSync(file, writePolicy(policy.model));
  return file;
}

async function dsecos(...words: string[]) {
  const printed: string[] = [];
  const told: string[] = [];
  const terminal: Terminal = {
    screen: { width: 100, colour: false },
    interactive: false,
    print: (text) => printed.push(text),
    tell: (text) => told.push(text),
    progress: () => {},
    confirm: async () => undefined,
  };
  const connect = () => Promise.reject(new Error("nobody may be asked"));
  const code = await runProgram(words, { contracts, version: "0", terminal, connect });
  return { code, printed: printed.join("\n"), told: told.join("\n") };
}

test("a policy that keeps tenants apart is proved, with what was taken for granted", async () => {
  const { code, printed } = await dsecos("selinux", "prove", "--policy", good, ...shares);
  expect(printed).toMatch(/^Proved: none of 2 tenants and spare slots reaches another\./);
  expect(printed).toMatch(/trusted base {2}.*incusd_t.*unconfined_domain/);
  expect(printed).toMatch(/not needed .*zero_device_t/);
  expect(code).toBe(0);
});

test("a policy that does not is refused by name of the rule", async () => {
  const { code, printed } = await dsecos("selinux", "prove", "--policy", leaking, ...shares);
  expect(printed).toContain("NOT PROVED");
  expect(printed).toContain("allow tenant0001_t tenant0002_vol_t:file");
  expect(code).toBe(8);
});

test("the verdict is a document for programs", async () => {
  const { printed } = await dsecos("selinux", "prove", "--policy", leaking, ...shares, "--json");
  expect(JSON.parse(printed)).toMatchObject({ proved: false, counts: { tenants: 2 } });
});

test("why tells the rules, through which attributes, and that none is there", async () => {
  const asked = ["tenant0001_t", "null_device_t", "chr_file", "--policy", good];
  const allowed = await dsecos("selinux", "why", ...asked);
  expect(allowed.printed).toMatch(
    /^Allowed: tenant0001_t on chr_file of null_device_t: read write/,
  );
  expect(allowed.printed).toContain("through dsecos_tenant_container");
  const other = ["tenant0001_t", "tenant0002_vol_t", "file", "--policy", good];
  const refused = await dsecos("selinux", "why", ...other);
  expect(refused.printed).toContain("No rule gives any right.");
  expect(refused.code).toBe(0);
});

test("what is no policy is told in a sentence", async () => {
  const file = join(directory, "text");
  writeFileSync(file, "this is no policy, and a little longer than a header would be");
  const text = await dsecos("selinux", "prove", "--policy", file);
  expect(text.told).toMatch(/text: the policy cannot be read: .* at byte 0/);
  expect(text.code).toBe(2);
  const missing = await dsecos("selinux", "prove", "--policy", join(directory, "none"));
  expect(missing.told).toContain("There is no ");
  expect(missing.code).toBe(4);
  const device = await dsecos("selinux", "prove", "--policy", "/dev/zero");
  expect(device.told).toContain("/dev/zero is no file with a policy.");
  const unknown = await dsecos("selinux", "why", "a_t", "b_t", "file", "--policy", good);
  expect(unknown.told).toContain("the policy has no type a_t");
});
