/**
 * What of Ceph takes two people, through the bus of a running agent with a cluster of its own: an OSD
 * that is marked out although copies find no place then, and another map of jurisdictions.
 */
import { createHash } from "node:crypto";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type ApprovalRecord, approvals } from "../../agent/approvals/contract.ts";
import { audit } from "../../agent/audit/contract.ts";
import { acting } from "../../agent/ceph/capabilities.ts";
import { ceph } from "../../agent/ceph/contract.ts";
import type { CephStatus } from "../../agent/ceph/link/types.ts";
import type { HeldMap } from "../../agent/ceph/residency/map/answers.ts";
import { type JurisdictionMap, mapFormat } from "../../agent/ceph/residency/map/document.ts";
import { type Answer, Person } from "../lib/caller.ts";
import { type Cluster, noCeph, withCeph } from "../lib/ceph-cluster.ts";
import { type MapSigner, mapSigner, signMap } from "../lib/ceph-map.ts";
import { people } from "../lib/test-stack.js";

const state = process.env.DSECOS_TEST_STATE ?? "";
const maps = join(state, "ceph-map");
/** Where the agent looks for its cluster. */
const place = join(state, "ceph");
const patience = { timeout: 60_000, interval: 100 };
const signer = mapSigner("Ed25519");
const staff: Person[] = [];
let viewer: Person;
let operator: Person;
let officer: Person;
let second: Person;
let auditor: Person;
let cluster: Cluster;

beforeAll(async () => {
  if (noCeph !== "") return;
  for (const name of ["viewer", "operator", "officer", "officer2", "auditor"] as const) {
    staff.push(await Person.as(people[name]));
  }
  [viewer, operator, officer, second, auditor] = staff as [Person, Person, Person, Person, Person];
  cluster = await withCeph({ osds: 4 });
  await cluster.ceph(["auth", "caps", cluster.paths.cephUser, ...Object.entries(acting).flat()]);
  // Only now it is where the agent looks: what a key may is settled when a connection is made.
  symlinkSync(cluster.directory, place);
  mkdirSync(join(maps, "keys"), { recursive: true });
  writeFileSync(join(maps, "keys", "officer.pem"), signer.pem);
  await vi.waitFor(async () => {
    expect(((await viewer.call(ceph, "Status")) as CephStatus).state).toBe("ready");
    await viewer.call(ceph, "Rules", {});
  }, patience);
}, 180_000);

afterAll(async () => {
  rmSync(maps, { recursive: true, force: true });
  rmSync(place, { force: true });
  await cluster?.remove();
  for (const person of staff) person.end();
}, 60_000);

/** Asks for what takes two people, has the other agree, and asks again. */
async function approved(by: Person, member: string, ...inputs: unknown[]): Promise<Answer> {
  const asked = await by.try(ceph, member, ...inputs);
  expect(asked.error?.name).toBe("org.dsecos.Error.NeedsApproval");
  const [request] = (await second.call(approvals, "List")) as ApprovalRecord[];
  expect(request).toMatchObject({ member: `ceph.${member}`, state: "pending" });
  for (const wrong of [by, viewer]) {
    const refused = await wrong.try(approvals, "Approve", request?.id, request?.hash);
    expect(refused.error?.name, wrong.user).toMatch(/Denied$|Conflict$/);
  }
  // Nothing is done before the other agrees.
  const early = await by.try(ceph, member, ...inputs);
  expect(early.error?.name).toBe("org.dsecos.Error.NeedsApproval");
  await second.call(approvals, "Approve", request?.id, request?.hash);
  return by.try(ceph, member, ...inputs);
}

/** The newest entries of an act, as the auditor sees them. */
async function onRecord(action: string) {
  const { rows } = (await auditor.call(audit, "List", { action, limit: 20 })) as {
    rows: { outcome: string; actor: string; details?: Record<string, unknown> }[];
  };
  return rows;
}

interface Osd {
  osd: number;
  in: number;
}
async function isIn(id: number): Promise<boolean> {
  const { osds } = JSON.parse(await cluster.ceph(["osd", "dump", "-f", "json"]));
  return (osds as Osd[]).find(({ osd }) => osd === id)?.in === 1;
}

async function mapOf(serial: number): Promise<JurisdictionMap> {
  const { fsid } = JSON.parse(await cluster.ceph(["status", "-f", "json"]));
  const { nodes } = JSON.parse(await cluster.ceph(["osd", "tree", "-f", "json"]));
  const regions = (nodes as { id: number; name: string; type: string }[]).filter(
    ({ type }) => type === "region",
  );
  return {
    ...{ format: mapFormat, cluster: fsid, serial, at: "2026-01-31T12:00:00.000Z" },
    buckets: regions.map(({ id, name }) => ({ id, name, jurisdiction: name.toUpperCase() })),
    ...{ peers: [], networks: [], pools: [] },
  };
}

async function sent(
  serial: number,
  by: MapSigner = signer,
): Promise<[number, string, string, string]> {
  const text = signMap(await mapOf(serial), by);
  const hash = createHash("sha256").update(text).digest("hex");
  return [serial, hash, Buffer.from(text).toString("base64"), "the cluster has another site"];
}

const held = async () => (await viewer.call(ceph, "ResidencyMap")) as HeldMap;

describe.skipIf(noCeph !== "")("two people", () => {
  test("mark an OSD out although copies find no place then, and nobody does it alone", async () => {
    const change = { what: "out", osd: 0, reason: "it smells of fire" };
    const alone = await operator.try(ceph, "SetOsd", change);
    expect(alone.error?.message).toMatch(/SetOsdAnyway does it nevertheless, with a second person/);
    for (const wrong of [viewer, auditor]) {
      const refused = await wrong.try(ceph, "SetOsdAnyway", change);
      expect(refused.error?.name, wrong.user).toMatch(/Denied$/);
    }
    const done = await approved(operator, "SetOsdAnyway", change);
    expect(done.error).toBeUndefined();
    expect(await isIn(0)).toBe(false);
    // It was agreed to once, and for that OSD.
    const another = await operator.try(ceph, "SetOsdAnyway", { ...change, osd: 1 });
    expect(another.error?.name).toBe("org.dsecos.Error.NeedsApproval");
    expect(await isIn(1)).toBe(true);

    const entries = await onRecord("ceph.SetOsdAnyway");
    const success = entries.find(({ outcome }) => outcome === "success");
    expect(success).toMatchObject({
      actor: operator.user,
      details: { predicted: { dangers: [expect.any(String)] }, undo: "ceph osd in 0" },
    });
    // Who agreed stands where it was begun.
    const begun = entries.filter(({ outcome }) => outcome === "intent");
    expect(JSON.stringify(begun)).toContain(second.user);
  });

  test("let a newer map hold that is signed by whom this node trusts, and no other", async () => {
    expect(await held()).toMatchObject({ state: "none", map: null });
    for (const wrong of [operator, viewer]) {
      const refused = await wrong.try(ceph, "SetResidencyMap", ...(await sent(1)));
      expect(refused.error?.name, wrong.user).toMatch(/Denied$/);
    }
    const stranger = await approved(
      officer,
      "SetResidencyMap",
      ...(await sent(7, mapSigner("Ed25519"))),
    );
    expect(stranger.error).toMatchObject({
      name: "org.dsecos.Error.Denied",
      message: expect.stringMatching(/by no key that is trusted here/),
    });
    expect(await held()).toMatchObject({ state: "none", map: null });

    const newer = await approved(officer, "SetResidencyMap", ...(await sent(2)));
    expect(newer.error).toBeUndefined();
    const now = await held();
    expect(now).toMatchObject({ state: "believed", error: "", map: { serial: 2 } });
    expect(now.signers).toHaveLength(1);
    for (const serial of [1, 2]) {
      const older = await approved(officer, "SetResidencyMap", ...(await sent(serial)));
      expect(older.error?.message, String(serial)).toMatch(/serial number 2; have one signed/);
    }
    expect(await held()).toEqual(now);
    const entries = await onRecord("ceph.SetResidencyMap");
    const made = entries.filter(({ outcome }) => outcome === "success");
    expect(made).toMatchObject([{ actor: officer.user, details: { serial: 2, before: 0 } }]);
  });
});
