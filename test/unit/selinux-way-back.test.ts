/** A policy is only tried where the agent could still load the one of before. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { refuseWithoutWayBack } from "../../agent/selinux/loads/way-back.ts";
import { writePolicy } from "../lib/policy-writer.ts";
import { TenantPolicy } from "../lib/tenant-policy.ts";

const root = mkdtempSync(join(tmpdir(), "dsecos-way-back-"));
const outfile = join(root, "selinux-prover.mjs");
const file = join(root, "policy.33");

beforeAll(() =>
  build({
    entryPoints: [resolve(import.meta.dirname, "../../agent/selinux/prover-worker.ts")],
    ...({ bundle: true, platform: "node", format: "esm" } as const),
    outfile,
  }),
);
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** @param rights of the agent over the kernel's policy, by class; undefined without the agent */
function look(rights: Record<string, string[]> | undefined): Promise<void> {
  const { model } = new TenantPolicy(1);
  if (rights !== undefined) model.types.push("dsecos_agent_t");
  for (const [of, permissions] of Object.entries(rights ?? {}))
    model.rules.push({
      ...{ kind: "allow" as const, source: "dsecos_agent_t", target: "security_t" },
      ...{ class: of, permissions },
    });
  writeFileSync(file, writePolicy(model));
  return refuseWithoutWayBack(file, pathToFileURL(outfile));
}

const all = { security: ["load_policy"], file: ["read", "write", "open"], dir: ["search"] };

test("a policy that lets the agent load another one is tried", async () => {
  await look(all);
});

test.each([
  ["loading", { ...all, security: ["compute_av"] }, "may not load_policy on security_t:security"],
  ["the kernel's file", { ...all, file: ["read"] }, "may not open, write on security_t:file"],
  ["its directory", { ...all, dir: ["getattr"] }, "may not search on security_t:dir"],
  ["the agent at all", undefined, "has no place for the agent"],
])("one without %s is refused", async (_what, rights, sentence) => {
  await expect(look(rights)).rejects.toMatchObject({
    code: "Conflict",
    message: expect.stringContaining(sentence),
  });
});
