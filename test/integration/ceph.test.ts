/**
 * A real Ceph cluster under the agent: whatever part of it is missing, hangs or refuses, the agent
 * says so, answers everything else meanwhile, and recovers alone.
 */
import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { agent } from "../../agent/agent/contract.ts";
import { ceph } from "../../agent/ceph/contract.ts";
import type { CephHealth } from "../../agent/ceph/health/answers.ts";
import { openCeph } from "../../agent/ceph/link/link.ts";
import type { CephState, CephStatus } from "../../agent/ceph/link/types.ts";
import { cephxKey, keyringEntry } from "../../packaging/ceph/keys.js";
import { readRecord } from "../../packaging/setup/lib/daemons.js";
import { Person } from "../lib/caller.ts";
import { type Cluster, noCeph, withCeph } from "../lib/ceph-cluster.ts";
import { people } from "../lib/test-stack.js";

const state = process.env.DSECOS_TEST_STATE ?? "";
/** Stalls of a busy machine; what is awaited comes within 5 s. */
const patience = { timeout: 40_000, interval: 50 };

let viewer: Person;
let cluster: Cluster;

const status = async () => (await viewer.call(ceph, "Status")) as CephStatus;
const health = async () => (await viewer.call(ceph, "Health")) as CephHealth;
const codes = async () => (await health()).checks.map(({ code }) => code);

function becomes(expected: CephState): Promise<CephStatus> {
  return vi.waitFor(async () => {
    const now = await status();
    expect(now.state).toBe(expected);
    return now;
  }, patience);
}

/** A call about something else: it must be answered while Ceph is not. */
async function agentAnswers(): Promise<void> {
  await viewer.call(agent, "GetCapabilities");
}

/** Processes of the agent that speak with this cluster. */
function helpers(): number[] {
  const self = readRecord(state, "agent")?.pid ?? 0;
  return readdirSync("/proc").flatMap((name) => {
    try {
      const parent = / (\d+) /.exec(
        readFileSync(`/proc/${name}/stat`, "utf8").split(") ")[1] ?? "",
      );
      const command = readFileSync(`/proc/${name}/cmdline`, "utf8");
      return Number(parent?.[1]) === self && command.includes("ceph-helper.py") ? Number(name) : [];
    } catch {
      return []; // no process, or one that just ended
    }
  });
}

const limits = { timeout: 180_000 };

describe.skipIf(noCeph !== "")(`a cluster on this machine ${noCeph}`, limits, () => {
  beforeAll(async () => {
    viewer = await Person.as(people.viewer);
  });
  afterAll(async () => {
    await cluster?.remove();
    viewer?.end();
  });

  test("without a cluster the agent says what to put where, and starts no process", async () => {
    const { reason } = await becomes("notConfigured");
    expect(reason).toContain(`${state}/ceph/ceph.conf`);
    const refused = await viewer.try(ceph, "Health");
    expect(refused.error).toMatchObject({ name: "org.dsecos.Error.Unavailable", message: reason });
    expect(helpers()).toEqual([]);
  });

  test("a cluster that is made is taken up by itself, and said to be well", async () => {
    cluster = await withCeph({ directory: join(state, "ceph"), osds: 4 });
    const ready = await becomes("ready");
    const fsid = (await cluster.ceph(["fsid"])).trim();
    expect(ready).toMatchObject({ reason: "", fsid, version: expect.stringMatching(/^1\d\./) });
    // What was read while it was made may be told still.
    const now = await vi.waitFor(async () => {
      const newest = await health();
      expect(newest).toMatchObject({
        monitors: { total: 1, quorum: ["a"], missing: [] },
        manager: { active: "x", problem: "" },
        osds: { total: 4, up: 4, in: 4 },
        fileSystems: [{ name: "fs", wanted: 1, active: ["a"] }],
        mixedVersions: false,
        flags: [],
      });
      expect(newest.versions.map(({ kind }) => kind).sort()).toEqual(["mds", "mgr", "mon", "osd"]);
      return newest;
    }, patience);
    // With those of a pool that the manager makes for itself, sooner or later.
    expect(now.groups.total).toBeGreaterThanOrEqual(24);
  });

  test("people without a role hear nothing of it", async () => {
    const nobody = await Person.as(people.nobody);
    for (const member of ["Status", "Health"]) {
      const { error } = await nobody.try(ceph, member);
      expect(error?.name).toMatch(/AccessDenied|Error\.Denied/);
    }
    nobody.end();
  });

  test("a code of Ceph's is explained: a flag that somebody set", async () => {
    await cluster.ceph(["osd", "set", "noout"]);
    const found = await vi.waitFor(async () => {
      const now = await health();
      const check = now.checks.find(({ code }) => code === "OSDMAP_FLAGS");
      // The flags come from the map, and the code from the monitors.
      if (check === undefined || now.flags.length === 0) throw new Error("not told yet");
      return { now, check };
    }, patience);
    expect(found.check).toMatchObject({ known: true, severity: "warning" });
    expect(found.check.says).toContain("noout");
    expect(found.now.flags).toEqual([{ flag: "noout", means: expect.stringContaining("copies") }]);
    await cluster.ceph(["osd", "unset", "noout"]);
    await vi.waitFor(async () => expect(await codes()).not.toContain("OSDMAP_FLAGS"), patience);
  });

  test("a keyring that is gone, and one of another cluster, are told apart", async () => {
    const { cephKeyring } = cluster.paths;
    const whole = readFileSync(cephKeyring, "utf8");
    renameSync(cephKeyring, `${cephKeyring}.away`);
    expect((await becomes("noKeyring")).reason).toContain("ceph auth get-or-create client.dsecos");
    writeFileSync(cephKeyring, keyringEntry("client.dsecos", cephxKey()));
    expect((await becomes("refused")).reason).toContain("refuses the key of client.dsecos");
    await agentAnswers();
    writeFileSync(cephKeyring, whole);
    await becomes("ready");
  });

  test("a helper that is killed is replaced at once, and one that hangs is too", async () => {
    const [first] = helpers();
    process.kill(first as number, "SIGKILL");
    await vi.waitFor(() => {
      expect(helpers()).toHaveLength(1);
      expect(helpers()).not.toContain(first);
    }, patience);
    await becomes("ready");
    const [second] = helpers();
    process.kill(second as number, "SIGSTOP");
    await agentAnswers();
    await vi.waitFor(() => {
      expect(helpers()).toHaveLength(1);
      expect(helpers()).not.toContain(second);
    }, patience);
    await becomes("ready");
    expect((await health()).osds.total).toBe(4);
  });

  test("a key that may not read says which capabilities it needs", async () => {
    const caps = ["auth", "caps", "client.dsecos", "osd", "allow r"];
    await cluster.ceph(caps);
    // What a key may is settled when a connection is made.
    process.kill(helpers()[0] as number, "SIGKILL");
    expect((await becomes("refused")).reason).toContain("client.dsecos");
    await cluster.ceph([...caps, "mon", "allow r", "mgr", "allow r"]);
    // One that could not connect ends by itself and may be between two tries.
    for (const pid of helpers()) process.kill(pid, "SIGKILL");
    await becomes("ready");
  });

  test.each(["pause", "kill"] as const)(
    "monitors without a quorum (%s) are said to be so",
    async (how) => {
      await cluster[how]("mon.a");
      const { reason } = await becomes("noQuorum");
      expect(reason).toContain("quorum");
      const refused = await viewer.try(ceph, "Health");
      expect(refused.error).toMatchObject({
        name: "org.dsecos.Error.Unavailable",
        message: reason,
      });
      await agentAnswers();
      if (how === "pause") cluster.resume("mon.a");
      else await cluster.start("mon.a");
      await becomes("ready");
      expect((await health()).monitors.missing).toEqual([]);
    },
  );

  test("a manager that hangs takes its own figures away, and nothing else", async () => {
    const ended: string[] = [];
    const link = openCeph({
      ...{ config: cluster.paths.cephConfig, user: cluster.paths.cephUser },
      keyring: cluster.paths.cephKeyring,
      program: join(import.meta.dirname, "../../agent/ceph/link/helper.py"),
      log: (level, message) => void (level === "info" || ended.push(message)),
    });
    await vi.waitFor(() => expect(link.status().state).toBe("ready"), patience);
    await cluster.pause("mgr.x");
    const late = expect(link.mgr("pg stat")).rejects.toMatchObject({ code: "Timeout" });
    const { manager, osds } = await vi.waitFor(async () => {
      const now = await health();
      expect(now.manager.problem).toMatch(/^No manager /);
      return now;
    }, patience);
    expect(manager.problem).toContain("start one");
    expect(osds.total).toBe(4);
    expect((await status()).state).toBe("ready");
    await late;
    cluster.resume("mgr.x");
    await vi.waitFor(async () => {
      expect((await health()).manager).toMatchObject({ active: "x", problem: "" });
    }, patience);
    await vi.waitFor(() => expect(link.mgr("pg stat")).resolves.toBeDefined(), patience);
    // The answer that comes after all ends nobody.
    expect(ended).toEqual([]);
    await link.close();
  });

  test("an OSD that hangs holds no other question up, and is told and explained", async () => {
    // OSDs take commands from those alone who may do everything.
    const link = openCeph({
      ...{ config: cluster.paths.cephConfig, user: "client.admin", log: () => {} },
      keyring: join(cluster.directory, "keyring"),
      program: join(import.meta.dirname, "../../agent/ceph/link/helper.py"),
    });
    await vi.waitFor(() => expect(link.status().state).toBe("ready"), patience);
    await cluster.pause("osd.3");
    const hung = expect(link.osd(3, "version")).rejects.toMatchObject({ code: "Timeout" });
    expect(await link.osd(0, "version")).toMatchObject({ version: expect.any(String) });
    await hung;
    await link.close();
    const down = await vi.waitFor(async () => {
      const check = (await health()).checks.find(({ code }) => code === "OSD_DOWN");
      if (check === undefined) throw new Error("not noticed yet");
      return check;
    }, patience);
    expect(down).toMatchObject({ known: true, count: 1, title: "OSDs are down" });
    expect(down.details.join()).toContain("osd.3");
    cluster.resume("osd.3");
    await vi.waitFor(async () => expect((await health()).osds.up).toBe(4), patience);
  });

  test("a cluster that is taken away is not configured any more", async () => {
    await cluster.remove();
    await becomes("notConfigured");
    expect(helpers()).toEqual([]);
  });
});
