/** The map that holds: who exchanges it for which. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Call } from "../../agent/bus/call.ts";
import type { JurisdictionMap } from "../../agent/ceph/residency/map/document.ts";
import { createMaps } from "../../agent/ceph/residency/map/service.ts";
import { baseCluster } from "../lib/ceph-base.ts";
import { mapSigner, signMap } from "../lib/ceph-map.ts";

const { map: base } = baseCluster();
const officer = mapSigner("Ed25519");
let directory: string;
let maps: ReturnType<typeof createMaps>;
let changes: number;
const noted: Record<string, unknown>[] = [];
// Nothing else of a call is asked for.
const call = { note: (facts) => void noted.push(facts) } as Pick<Call, "note"> as Call;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "dsecos-maps-"));
  mkdirSync(join(directory, "keys"));
  writeFileSync(join(directory, "keys", "officer.pem"), officer.pem);
  changes = 0;
  noted.length = 0;
  maps = createMaps({
    places: { file: join(directory, "state", "map.json"), keys: join(directory, "keys") },
    cluster: () => base.cluster,
    changed: () => changes++,
  });
});
afterEach(() => rmSync(directory, { recursive: true }));

const held = () => maps.handlers.ResidencyMap(call);

function set(change: Partial<JurisdictionMap>, { signer = officer, serial = 0, hash = "" } = {}) {
  const map = { ...base, ...change };
  const content = `${signMap(map, signer)}\n`;
  const own = createHash("sha256").update(content).digest("hex");
  const sent = Buffer.from(content).toString("base64");
  return maps.handlers.SetResidencyMap(
    ...([call, serial || map.serial, hash || own, sent, "A new site."] as const),
  );
}

test("the first map holds once it is set, and a newer one after it", async () => {
  expect(await held()).toMatchObject({ state: "none", map: null });
  expect(await set({ serial: 3 })).toMatchObject({ state: "believed", map: { serial: 3 } });
  const before = await maps.fingerprints.SetResidencyMap(call, 4, "");
  expect(await set({ serial: 4 })).toMatchObject({ map: { serial: 4 } });
  expect(await maps.fingerprints.SetResidencyMap(call, 4, "")).not.toBe(before);
  expect(noted).toMatchObject([
    { serial: 3, before: 0 },
    { serial: 4, before: 3 },
  ]);
  expect(changes).toBe(2);
  const { hash, signers } = await held();
  const file = readFileSync(join(directory, "state", "map.json"));
  expect(createHash("sha256").update(file).digest("hex")).toBe(hash);
  expect(signers).toHaveLength(1);
});

test("an older map, a stranger's, another cluster's and another than was approved are refused", async () => {
  await set({ serial: 3 });
  const refusals: [() => Promise<unknown>, RegExp][] = [
    [() => set({ serial: 3 }), /has the serial number 3; have one signed with a greater one/],
    [() => set({ serial: 2 }), /has the serial number 3/],
    [() => set({ serial: 4 }, { signer: mapSigner("Ed25519") }), /by no key that is trusted here/],
    [
      () => set({ serial: 4, cluster: "11111111-2222-4333-8444-555555555555" }),
      /is the map of the cluster/,
    ],
    [() => set({ serial: 4 }, { serial: 5 }), /has the serial number 4, and not 5/],
    [() => set({ serial: 4 }, { hash: "0".repeat(64) }), /and not the one that was approved/],
  ];
  for (const [refused, why] of refusals) await expect(refused()).rejects.toThrow(why);
  expect(await held()).toMatchObject({ map: { serial: 3 } });
  expect(changes).toBe(1);
});

test("a map that is not believed is shown as that, and not overwritten", async () => {
  await set({ serial: 3 });
  rmSync(join(directory, "keys", "officer.pem"));
  writeFileSync(join(directory, "keys", "other.pem"), mapSigner("Ed25519").pem);
  expect(await held()).toMatchObject({
    state: "refused",
    map: null,
    error: expect.stringMatching(/no key that is trusted/),
  });
  writeFileSync(join(directory, "keys", "officer.pem"), officer.pem);
  writeFileSync(join(directory, "state", "map.json"), "{}");
  await expect(set({ serial: 4 })).rejects.toThrow(/put a believed one there by hand first/);
});

test("what an agent that was killed left does not hold the next map up", async () => {
  await set({ serial: 1 });
  writeFileSync(join(directory, "state", "map.json.tmp"), "half");
  await set({ serial: 2 });
  expect(await held()).toMatchObject({ map: { serial: 2 } });
  expect(existsSync(join(directory, "state", "map.json.tmp"))).toBe(false);
});
