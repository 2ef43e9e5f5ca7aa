/**
 * What an operator does with a real cluster of eight OSDs in four sites: predicted before, and compared
 * afterwards, group by group.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Act, Change } from "../../agent/ceph/actions/answers.ts";
import type { Ceph } from "../../agent/ceph/link/types.ts";
import { type JurisdictionMap, mapFormat } from "../../agent/ceph/residency/map/document.ts";
import { until } from "../../packaging/setup/lib/wait.js";
import { type Cluster, noCeph, withCeph } from "../lib/ceph-cluster.ts";
import { bundle, type OperatorBed, withOperator } from "../lib/ceph-operator.ts";
import { fakeCall } from "./incus-fakes.ts";

const run = promisify(execFile);
const operator = fakeCall("ceph.SetOsd", "operator");
const reason = "a disk is replaced";
const work = mkdtempSync("/var/tmp/dsecos-ceph-actions-");
let cluster: Cluster;
let bed: OperatorBed;

/** Each on a host of its own. */
const inUk = [0, 1, 4, 5];

interface Node {
  id: number;
  name: string;
  type: string;
}
interface Pool {
  pool: number;
  pool_name: string;
}

/** Of which the pool `block` must stay in the UK. */
async function jurisdictions(admin: Ceph): Promise<JurisdictionMap> {
  const { nodes } = (await admin.mon("osd tree")) as { nodes: Node[] };
  const { pools } = (await admin.mon("osd dump")) as { pools: Pool[] };
  const regions = nodes.filter(({ type }) => type === "region");
  const block = pools.find(({ pool_name }) => pool_name === "block");
  return {
    ...{ format: mapFormat, cluster: admin.status().fsid, serial: 1 },
    ...{ at: "2026-01-31T12:00:00.000Z", peers: [], networks: [] },
    buckets: regions.map(({ id, name }) => ({ id, name, jurisdiction: name.toUpperCase() })),
    pools: [{ id: block?.pool ?? -1, name: "block", allowed: ["UK"] }],
  };
}

beforeAll(async () => {
  if (noCeph) return;
  cluster = await withCeph();
  bed = await withOperator(cluster, jurisdictions);
  const env = { ...process.env, CEPH_CONF: cluster.paths.cephConfig };
  // Devices that turn would be given time between two objects.
  const setting = { who: "osd", name: "osd_recovery_sleep_hdd", value: "0" };
  await bed.admin.mon("config set", setting);
  const bench = ["bench", "1", "write", "-b", "262144", "--max-objects", "64", "--no-cleanup"];
  await makeOddPlacements();
  const { stdout } = await run("rados", ["-p", "block", ...bench], { env, timeout: 60_000 });
  const written = Number(/Total writes made:\s+(\d+)/.exec(stdout)?.[1]);
  await until("objects to be counted", 30, async () => (await countObjects()) >= written);
}, 180_000);
afterAll(async () => {
  await bed?.end();
  await cluster?.remove();
  rmSync(work, { recursive: true, force: true });
}, 60_000);

/** Parts of an erasure code, and a group that somebody moved by hand. */
async function makeOddPlacements(): Promise<void> {
  const { admin } = bed;
  const profile = ["k=2", "m=1", "crush-root=uk", "crush-failure-domain=host"];
  await admin.mon("osd erasure-code-profile set", { name: "coded", profile });
  const made = { pool: "coded", pool_type: "erasure", erasure_code_profile: "coded", pg_num: 8 };
  await admin.mon("osd pool create", made);
  await admin.mon("osd set-require-min-compat-client", { version: "luminous" });
  const { pools } = (await admin.mon("osd dump")) as { pools: Pool[] };
  const pgid = `${pools.find(({ pool_name }) => pool_name === "block")?.pool}.3`;
  const { up } = (await admin.mon("pg map", { pgid })) as { up: number[] };
  const free = inUk.find((osd) => !up.includes(osd));
  await admin.mon("osd pg-upmap-items", { pgid, id: [up[0], free] });
}

/** As far as OSDs have told. */
async function countObjects(): Promise<number> {
  const { pool_stats } = (await bed.admin.mgr("pg dump", { dumpcontents: ["pools"] })) as {
    pool_stats: { stat_sum: { num_objects: number } }[];
  };
  return pool_stats.reduce((sum, { stat_sum }) => sum + stat_sum.num_objects, 0);
}

const predict = (change: Change) => bed.actions.handlers.PredictChange(operator, change);

/** Waits until nothing moves any more. */
async function finished({ id }: Act): Promise<Act> {
  return until("the act to be compared", 60, async () => {
    const { acts } = await bed.actions.handlers.Acts(operator);
    return acts.find((act) => act.id === id && act.comparison.state === "finished");
  });
}

/** Placement as it was predicted; what the cluster copied is told by another count. */
function expectAsPredicted({ prediction, comparison }: Act): void {
  expect(prediction).toMatchObject({ state: "known", why: "", basis: "measured" });
  expect(comparison).toMatchObject({
    ...{ same: prediction.groups.total, different: 0, differing: [] },
    ...{ movedGroups: prediction.groups.moved, movedKiB: prediction.movedKiB },
  });
}

const call = (id: string) => ({ ...operator, id });

describe.skipIf(noCeph)("an operator", () => {
  test("marks an OSD out and in, and each group goes where it was predicted", async () => {
    const { handlers } = bed.actions;
    const before = await predict({ what: "out", osd: 0 });
    expect(before.groups.moved).toBeGreaterThan(0);
    expect(before.movedKiB).toBeGreaterThan(0);
    expect(before.dangers).toEqual([]);
    expect(before.undo).toMatchObject({ member: "SetOsd", command: "ceph osd in 0" });
    expect(before.asked.map(({ question, yes }) => [question, yes])).toEqual([
      ["okToStop", true],
      ["safeToDestroy", false],
    ]);
    const out = await finished(await handlers.SetOsd(call("out"), { what: "out", osd: 0, reason }));
    expectAsPredicted(out);
    expect(out.prediction.movedKiB).toBe(before.movedKiB);
    expect(out.comparison.copiedKiB).toBeGreaterThan(0);
    expect(bed.audit.entries.map(({ action }) => action)).toContain("ceph.ActCompared");
    await expect(handlers.SetOsd(operator, { what: "out", osd: 0, reason })).rejects.toThrow(
      "osd.0 is out already.",
    );

    // Three copies, and two hosts that are left.
    await expect(handlers.SetOsd(operator, { what: "out", osd: 1, reason })).rejects.toThrow(
      /would find no place for all copies.*SetOsdAnyway/,
    );

    const { undo } = out.prediction;
    const back = { ...undo.change, reason } as Parameters<typeof handlers.SetOsd>[1];
    expectAsPredicted(await finished(await handlers.SetOsd(call("in"), back)));
  }, 120_000);

  test("gives an OSD less of its data", async () => {
    const { handlers } = bed.actions;
    const wanted = { what: "reweight", osd: 4, weight: 0.4, reason } as const;
    const act = await finished(await handlers.SetOsd(call("less"), wanted));
    expectAsPredicted(act);
    expect(act.prediction.groups.moved).toBeGreaterThan(0);
    expect(act.prediction.undo.command).toBe("ceph osd in 4");
  }, 60_000);

  test("predicts what crush reweight and moves would do, as Ceph then does", async () => {
    const { admin } = bed;
    const heavier = await bed.actions.predict({ what: "crushReweight", osd: 1, weight: 0.003 });
    await admin.mon("osd crush reweight", { name: "osd.1", weight: 0.003 });
    await agrees(heavier);
    const { nodes } = (await admin.mon("osd tree")) as { nodes: Node[] };
    const host = nodes.find(({ type, name }) => type === "host" && name.startsWith("man"));
    const bucket = host?.name ?? "";
    const moved = await bed.actions.predict({ what: "move", bucket, to: "london" });
    expect(moved.prediction.residency.verdict).toBe("holds");
    await admin.mon("osd crush move", { name: bucket, args: ["datacenter=london"] });
    await agrees(moved);
  }, 60_000);

  test("is refused a rule by which data could leave, and may take one by which it cannot", async () => {
    const { handlers } = bed.actions;
    await expect(handlers.SetPoolRule(operator, "block", "ae", reason)).rejects.toThrow(
      /data would leave where it must stay: Data of block must stay in UK: Rule ae could choose osd/,
    );
    const args = { name: "uk-osds", root: "uk", type: "osd" };
    await bed.admin.mon("osd crush rule create-replicated", args);
    const act = await handlers.SetPoolRule(call("rule"), "block", "uk-osds", reason);
    expect(act.prediction.residency).toEqual({ verdict: "holds", reasons: [] });
    expect(act.prediction.undo.command).toBe("ceph osd pool set block crush_rule uk");
    expectAsPredicted(await finished(act));
  }, 60_000);

  test("stops something for a while, which ends by itself", async () => {
    const { handlers, flags } = bed.actions;
    const row = await handlers.SetFlag(operator, "noout", 10, "a host is worked on");
    expect(row).toMatchObject({ flag: "noout", isSet: true, trouble: "" });
    expect(row.windows).toMatchObject([{ by: "operator", reason: "a host is worked on" }]);
    await handlers.SetFlag(operator, "noout", 20, "another one, too");
    bed.clock.now = () => Date.now() + 11 * 60_000;
    await flags.round();
    const { flags: rows } = await handlers.Flags(operator);
    expect(rows).toMatchObject([{ flag: "noout", isSet: true, windows: [{}] }]);
    bed.clock.now = () => Date.now() + 21 * 60_000;
    await flags.round();
    expect((await handlers.Flags(operator)).flags).toEqual([]);
    expect(await isSet("noout")).toBe(false);
    expect(bed.audit.entries.at(-1)).toMatchObject({ action: "ceph.FlagEnds", object: "noout" });
    bed.clock.now = () => Date.now();

    await bed.admin.mon("osd set", { key: "noscrub" });
    const [byHand] = (await handlers.Flags(operator)).flags;
    expect(byHand?.trouble).toMatch(/without an end/);
    expect(await handlers.EndFlag(operator, "noscrub", reason)).toMatchObject({ isSet: false });
  }, 60_000);

  test("finds a flag gone at its end although its agent was killed", async () => {
    const program = await bundle("test/integration/ceph-actions-program.ts", work);
    const first = await live(program, "set");
    expect(await isSet("norebalance")).toBe(true);
    first.kill("SIGKILL");
    await once(first, "exit");
    const second = await live(program, "watch");
    const windows = async () =>
      Object.keys((await bed.admin.mon("config-key dump", { key: "dsecos/window/" })) as object);
    await until("the window to end", 60, async () => (await windows()).length === 0);
    expect(await isSet("norebalance")).toBe(false);
    second.kill("SIGKILL");
    await once(second, "exit");
  }, 90_000);
});

async function isSet(flag: string): Promise<boolean> {
  const { flags_set } = (await bed.admin.mon("osd dump")) as { flags_set: string[] };
  return flags_set.includes(flag);
}

/** Runs until it says that it is ready. */
async function live(program: string, what: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [program, what, JSON.stringify(cluster.paths)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout as NonNullable<typeof child.stdout>, "data");
  return child;
}

/** Where groups are is where they were predicted to be. */
async function agrees(predicted: Awaited<ReturnType<typeof bed.actions.predict>>): Promise<void> {
  expect(predicted.prediction.why).toBe("");
  expect(predicted.prediction.groups.moved).toBeGreaterThan(0);
  await until("groups to be placed anew", 30, async () => {
    const { different } = await bed.actions.compare(predicted);
    return different === 0;
  });
}
