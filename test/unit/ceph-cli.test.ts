/** `dsecos ceph prove`, without an agent, on files as Ceph prints them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runProgram } from "../../agent/cli/program.ts";
import type { Terminal } from "../../agent/cli/terminal.ts";
import { contracts } from "../../agent/contracts.ts";
import { type Base, baseCluster } from "../lib/ceph-base.ts";
import { mapSigner, signMap } from "../lib/ceph-map.ts";

const signer = mapSigner("Ed25519");
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "dsecos-ceph-"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function put(name: string, content: unknown): string {
  const file = join(directory, name);
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

/** Options with all files. */
function files(base: Base): string[] {
  const { osdmap, crush, pgs, holdings, exits, map } = base;
  const all = { osdmap, crush, pgs, holdings, exits, map: signMap(map, signer), key: signer.pem };
  return Object.entries(all).flatMap(([name, content]) => [`--${name}`, put(name, content)]);
}

async function prove(...words: string[]) {
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
  const all = ["ceph", "prove", ...words];
  const code = await runProgram(all, { contracts, version: "0", terminal, connect });
  return { code, printed: printed.join("\n"), told: told.join("\n") };
}

test("a cluster is proven from its files, by a signed map", async () => {
  const { code, printed } = await prove(...files(baseCluster()));
  expect(printed).toMatch(/^Proved: data of 4 pools stays in its jurisdictions\./);
  expect(printed).toMatch(/map +signed by [0-9a-f]{64}/);
  expect(printed).toMatch(/osdmap +SHA-256 [0-9a-f]{64}/);
  expect(printed).toContain("tenants-uk (4) in UK: proven");
  expect(printed).toContain("Nothing is said of 3 other pools");
  expect(code).toBe(0);
});

test("maps alone prove what rules could choose, and say what was not told", async () => {
  const given = files(baseCluster());
  const words = ["--osdmap", "--crush", "--map"].flatMap((option) => {
    return [option, given[given.indexOf(option) + 1] ?? ""];
  });
  const { code, printed } = await prove(...words, "--allow", "tenants-uk=UK,EU");
  expect(printed).toMatch(/^NOT PROVEN: 4 of 4 pools/);
  expect(printed).toContain("its signature was not verified");
  expect(printed).toContain("tenants-uk (4) in UK, EU: NOT PROVEN");
  expect(printed).toContain("by its rule proven (4 OSDs)");
  expect(printed).toContain("It was not told where placement groups are now.");
  expect(code).toBe(8);
});

test("what is wrong is named with the way to it", async () => {
  const base = baseCluster();
  base.osdmap.pg_upmap_items.push({ pgid: "4.2", mappings: [{ from: 0, to: 3 }] });
  const { code, printed } = await prove(...files(base));
  expect(printed).toMatch(/^VIOLATED: data of 1 of 4 pools/);
  expect(printed).toContain(
    "4.2 is given osd.3 by upmapItems, which is in AE. default > ae > dubai > dxb-01 > osd.3",
  );
  expect(code).toBe(8);
  const json = await prove(...files(base), "--json");
  expect(JSON.parse(json.printed)).toMatchObject({ verdict: "violated", epoch: 63 });
});

test("demands of the command line hold in the place of the map's", async () => {
  const { code, printed } = await prove(...files(baseCluster()), "--allow", "tenants-ae=UK");
  expect(printed).toContain("tenants-ae (8) in UK: VIOLATED");
  expect(code).toBe(8);
});

test("what cannot be read is told in a sentence", async () => {
  const good = files(baseCluster());
  const binary = put("binary", "\u0008\u0007\u00dd\u0001");
  const map = await prove(...good, "--osdmap", binary);
  expect(map.told).toMatch(
    /binary is no JSON; a binary map cannot be read.*ceph osd dump -f json > /,
  );
  expect(map.code).toBe(2);
  const crush = await prove(...good, "--crush", binary);
  expect(crush.told).toContain("ceph osd crush dump -f json");
  const missing = await prove(...good, "--pgs", join(directory, "none"));
  expect(missing.told).toContain("There is no ");
  expect(missing.code).toBe(4);
  const place = await prove(...good, "--exits", directory);
  expect(place.told).toContain("is no file");
  const stranger = await prove(...good, "--key", put("other", mapSigner("Ed25519").pem));
  expect(stranger.told).toContain("by no key that is trusted here");
  expect(stranger.code).toBe(3);
  const allow = await prove(...good, "--allow", "tenants-uk");
  expect(allow.told).toContain("Write POOL=UK");
  const nothing = baseCluster();
  nothing.map.pools = [];
  expect((await prove(...files(nothing))).told).toContain("--allow POOL=UK");
  expect((await prove("--osdmap", binary)).told).toContain("Also needed: --crush, --map");
});
