/** Whether what runs carries the types: processes by a fake of /proc, files by their real labels. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as v from "valibot";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Call } from "../../agent/bus/call.ts";
import { JobList } from "../../agent/jobs/service.ts";
import { System } from "../../agent/node/system.ts";
import {
  labelFilterSchema,
  labelReportSchema,
  pathSchema,
} from "../../agent/selinux/labels/answers.ts";
import { readLabelPolicy } from "../../agent/selinux/labels/check.ts";
import { checkedAction } from "../../agent/selinux/labels/checks.ts";
import { checkDomains, countDomains } from "../../agent/selinux/labels/domains.ts";
import { checkFiles } from "../../agent/selinux/labels/files.ts";
import { isGuarded, placesOf, slotOfPath } from "../../agent/selinux/labels/places.ts";
import { containerOf, machineOf, readProcesses } from "../../agent/selinux/labels/processes.ts";
import {
  type LabelResult,
  neverChecked,
  pageOfReport,
  stateOf,
  Unknowns,
} from "../../agent/selinux/labels/report.ts";
import { createLabels } from "../../agent/selinux/labels/service.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "dsecos-label-checks-"));
});
afterEach(() => rmSync(root, { recursive: true }));

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** A fake of the kernel's directory of a process. */
function run(pid: number, type: string, facts: { cgroup?: string; line?: string; comm?: string }) {
  const { cgroup = "0::/system.slice/ssh.service\n", line = "/usr/sbin/sshd\0-D\0" } = facts;
  put(`proc/${pid}/attr/current`, type === "" ? "" : `system_u:system_r:${type}:s0:c1,c2\n\0`);
  put(`proc/${pid}/cgroup`, cgroup);
  put(`proc/${pid}/cmdline`, line);
  put(`proc/${pid}/comm`, `${facts.comm ?? "sshd"}\n`);
}

const inContainer = (name: string) => ({ cgroup: `0::/lxc.payload.${name}/init.scope\n` });
const qemu = (name: string) =>
  `/usr/bin/qemu-system-x86_64\0-name\0vm\0-readconfig\0/run/incus/${name}/qemu.conf\0`;

const slots = new Map([
  ["mod-health", 7],
  ["defense", 3],
]);
const check = async (agent = 0) => {
  const found = await readProcesses(new System(root));
  return checkDomains(found?.list ?? [], slots, agent);
};

describe("processes", () => {
  test("belong to the instance whose cgroup or files Incus named", () => {
    const health = { project: "mod-health", name: "web", kind: "container" };
    for (const groups of [
      "0::/lxc.payload.mod-health_web\n",
      "12:pids:/lxc.payload.mod-health_web/user.slice\n1:name=systemd:/lxc.payload.mod-health_web\n",
      "0::/machine.slice/lxc.payload.mod-health_web/init.scope\n",
      // A container inside of it is its own affair.
      "0::/lxc.payload.mod-health_web/lxc.payload.defense_db\n",
    ])
      expect(containerOf(groups)).toEqual(health);
    expect(containerOf("0::/lxc.payload.box\n")).toMatchObject({ project: "default", name: "box" });
    expect(containerOf("0::/lxc.monitor.mod-health_web\n")).toBeUndefined();
    expect(containerOf("0::/lxc.monitor.a_b/lxc.payload.c_d\n")).toBeUndefined();
    expect(machineOf(qemu("defense_vm"))).toEqual({
      ...{ project: "defense", name: "vm", kind: "vm" },
    });
    expect(machineOf("/bin/sh\0/run/incus/defense_vm/qemu.conf\0")).toBeUndefined();
    expect(machineOf("/usr/bin/qemu-system-x86_64\0-name\0other\0")).toBeUndefined();
  });

  test("run in their tenant's domain, or an alarm says what they should have", async () => {
    run(10, "tenant0007_t", inContainer("mod-health_web"));
    run(11, "tenant0007_vm_t", { line: qemu("mod-health_vm") });
    run(12, "sshd_t", {});
    run(13, "tenant0003_t", inContainer("mod-health_web"));
    run(14, "unconfined_t", inContainer("defense_db"));
    run(15, "tenant0003_t", { line: qemu("defense_vm") });
    run(16, "unlabeled_t", { comm: "odd" });
    run(17, "initrc_t", { comm: "incusd" });
    run(18, "initrc_t", { comm: "node" });
    const { wrong, unknown, checked, tenants } = await check(18);
    expect({ checked, tenants, unknown }).toEqual({ checked: 9, tenants: 5, unknown: [] });
    const told = wrong.map(({ pid, expected, tenant, instance }) =>
      [pid, expected, tenant, instance].join(" "),
    );
    expect(told).toEqual([
      "13 tenant0007_t mod-health web",
      "14 tenant0003_t defense db",
      "15 tenant0003_vm_t defense vm",
      "16 a type of the loaded policy  ",
      "17 incusd_t  ",
      "18 dsecos_agent_t  ",
    ]);
    expect(wrong[0]?.label).toBe("system_u:system_r:tenant0003_t:s0:c1,c2");
  });

  test("of projects without types, or in a tenant's domain outside of instances, are not known", async () => {
    run(10, "lxc_t", inContainer("late_web"));
    run(11, "tenant0003_t", { comm: "virtiofsd" });
    run(12, "tenant0003_t", inContainer("late_web"));
    const { wrong, unknown } = await check();
    expect(wrong.map(({ pid, expected }) => [pid, expected])).toEqual([
      [12, "a type of no tenant"],
    ]);
    expect(unknown).toEqual([
      { what: "sshd (10)", reason: expect.stringContaining("project late, which has no types") },
      { what: "virtiofsd (11)", reason: expect.stringContaining("no instance that is known") },
    ]);
  });

  test("kernel threads and what ended meanwhile are left out; domains are counted by slot", async () => {
    run(10, "tenant0007_t", inContainer("mod-health_web"));
    run(11, "tenant0007_vm_t", { line: qemu("mod-health_vm") });
    run(12, "kernel_t", { line: "", comm: "kworker/0:1" });
    mkdirSync(join(root, "proc/13"));
    const found = await readProcesses(new System(root));
    expect(found?.list.map(({ pid }) => pid)).toEqual([10, 11]);
    expect([...countDomains(found?.list ?? [])]).toEqual([[7, 2]]);
  });

  test("without labels nothing is known, and nothing is right", async () => {
    run(10, "", {});
    put("proc/11/attr/current", "unconfined\n");
    expect(await readProcesses(new System(root))).toBeUndefined();
  });
});

test("places: pools by the slots' names, and what is guarded of the host", () => {
  const places = placesOf([3, 12]);
  expect(places.slice(-2)).toEqual([
    { path: "/var/lib/incus/storage-pools/tenant0003", slot: 3, alone: false },
    { path: "/var/lib/incus/storage-pools/tenant0012", slot: 12, alone: false },
  ]);
  expect(places).toContainEqual({ path: "/etc/selinux", slot: undefined, alone: false });
  expect(places).toContainEqual({ path: "/var/lib/incus", slot: undefined, alone: true });
  expect(slotOfPath("/var/lib/incus/storage-pools/tenant0012/custom/a")).toBe(12);
  for (const path of ["default/a", "tenant0000", "tenant12/a", "tenant0012x"])
    expect(slotOfPath(`/var/lib/incus/storage-pools/${path}`)).toBeUndefined();
  expect(isGuarded("/etc/dsecos/agent.json")).toBe(true);
  expect(isGuarded("/var/lib/incus/storage-pools/tenant0012/custom/a")).toBe(true);
  for (const path of ["/etc/shadow", "/etc/dsecos-x", "/"]) expect(isGuarded(path)).toBe(false);
  for (const path of ["/etc/dsecos/../shadow", "/etc//x", "/etc/x/", "etc", "/", "/a/./b"])
    expect(v.safeParse(pathSchema, path).success, path).toBe(false);
  expect(v.safeParse(pathSchema, "/etc/with a blank/x..y").success).toBe(true);
});

describe("a report", () => {
  const counts = { checked: 1, wrong: 0, unknown: 0 };
  const good = {
    processes: { ...counts, tenants: 0, list: [] },
    files: { ...counts, customized: 0, list: [] },
    unknown: [],
  };

  test("is never right where nothing was looked at", () => {
    expect(stateOf(good)).toBe("right");
    const none = { checked: 0 };
    expect(stateOf({ ...good, files: { ...good.files, ...none } })).toBe("unknown");
    expect(stateOf({ ...good, processes: { ...good.processes, ...none } })).toBe("unknown");
    expect(stateOf({ ...good, unknown: [{ reason: "x", count: 1, example: "y" }] })).toBe(
      "unknown",
    );
    expect(stateOf({ ...good, files: { ...good.files, wrong: 1 } })).toBe("wrong");
    expect(stateOf({ ...good, processes: { ...good.processes, wrong: 1 } })).toBe("wrong");
    expect(neverChecked.state).toBe("never");
  });

  test("tells its files a page at a time, and what is not known by reason", () => {
    const list = Array.from({ length: 250 }, (_, index) => ({
      path: `/var/lib/dsecos/${"deep/".repeat(60)}${index}`,
      ...({ kind: "reg", found: "", restored: "u:r:dsecos_state_t:s0", slot: null } as const),
    }));
    const files = { ...good.files, wrong: 300, list };
    const result: LabelResult = { ...neverChecked, ...good, files };
    const page = (filter: object) => {
      const found = pageOfReport(result, v.parse(labelFilterSchema, filter));
      expect(v.safeParse(labelReportSchema, found).issues).toBeUndefined();
      return found.files;
    };
    const first = page({ limit: 100 });
    expect(first).toMatchObject({ wrong: 300, kept: 250, matching: 250, rows: { length: 100 } });
    const second = page({ limit: 200, cursor: first.next });
    expect(second).toMatchObject({ next: "", rows: { length: 150 } });
    expect(second.rows[0]?.path).toMatch(/\/100$/);
    expect(page({ text: "/24" })).toMatchObject({ matching: 11 });
    expect(page({ text: "dsecos_state_t" }).matching).toBe(250);
    expect(() => page({ cursor: "no" })).toThrow("no position");
    const unknowns = new Unknowns();
    unknowns.add("rare", "a");
    for (const example of ["b", "c"]) unknowns.add("often", example);
    expect(unknowns.list()).toEqual([
      { reason: "often", count: 2, example: "b" },
      { reason: "rare", count: 1, example: "a" },
    ]);
  });
});

describe("the check", () => {
  let audit: RecordingAudit;
  let jobs: JobList;
  let labels: ReturnType<typeof createLabels>;
  let changes: number;
  let store: string | undefined;
  const call = { member: "selinux.Labels", caller: { user: "otto", uid: 1004 } } as unknown as Call;

  beforeEach(() => {
    audit = new RecordingAudit();
    jobs = new JobList({ audit, log: () => {} });
    changes = 0;
    store = join(root, "policy");
    put("policy/contexts/customizable_types", "");
    put("policy/contexts/files/file_contexts", `${root}/pool(/.*)?\tu:r:a_t:s0\n`);
    put("pool/file", "");
    labels = createLabels({
      ...{ jobs, audit, log: () => {}, system: new System(root) },
      slotHolders: () => new Map([[7, "mod-health"]]),
      store: async () => store,
      changed: () => {
        changes += 1;
      },
      places: () => [
        { path: join(root, "pool"), slot: 7, alone: false },
        { path: join(root, "gone"), slot: 8, alone: false },
        { path: root, slot: undefined, alone: true },
      ],
    });
  });

  const checked = async () => {
    const id = await labels.handlers.Labels(call);
    await expect.poll(() => jobs.get(id)?.state, { timeout: 30_000 }).not.toBe("running");
    const report = await labels.handlers.LabelReport(call, v.parse(labelFilterSchema, {}));
    expect(v.safeParse(labelReportSchema, report).issues).toBeUndefined();
    return { job: jobs.get(id), report };
  };
  const recorded = () => audit.entries.filter(({ action }) => action === checkedAction);

  test("where SELinux is off, it says so, and is on record as failed", async () => {
    run(10, "", {});
    const { job, report } = await checked();
    expect(job?.error).toMatch(/^SELinux is not active/);
    expect(report).toMatchObject({ state: "failed", error: job?.error, actor: "otto" });
    expect(recorded()).toMatchObject([{ outcome: "failure", error: job?.error }]);
    expect(changes).toBe(1);
  });

  test("without file_contexts nothing is called right", async () => {
    run(10, "sshd_t", {});
    store = undefined;
    expect((await checked()).report).toMatchObject({ state: "failed" });
    store = join(root, "nowhere");
    expect((await checked()).report).toMatchObject({ state: "failed" });
  });

  test("a process in the wrong domain is an alarm, on record with who asked", async () => {
    run(10, "unconfined_t", inContainer("mod-health_web"));
    const { job, report } = await checked();
    expect(job).toMatchObject({ state: "failed" });
    expect(job?.results[0]?.error).toContain("1 processes run in the wrong domain");
    expect(report).toMatchObject({
      state: "wrong",
      processes: { checked: 1, wrong: 1, list: [{ pid: 10, expected: "tenant0007_t" }] },
      files: { checked: 3 },
      seed: expect.stringMatching(/^[0-9a-f]{16}$/),
      places: [
        { slot: 7, checked: 2, whole: true },
        { slot: null, checked: 1, whole: true },
      ],
    });
    const [entry] = recorded();
    expect(entry).toMatchObject({ outcome: "failure", actor: "otto", call: job?.id });
    expect(JSON.stringify(entry?.details)).toContain("mod-health");
    expect(labels.mislabelled()).toEqual(new Map([[7, report.places[0]?.wrong]]));
  });

  test("a file that goes away meanwhile is neither wrong nor unknown", async () => {
    for (const name of ["one", "two", "three"]) put(`pool/${name}`, "");
    const unknowns = new Unknowns();
    let drawn = 0;
    const report = await checkFiles({
      ...{ policy: await readLabelPolicy(String(store)), unknowns },
      places: [{ path: join(root, "pool"), slot: 7, alone: false }],
      // The second time the names are read already, and no file is looked at yet.
      random: () => {
        drawn += 1;
        if (drawn === 2) rmSync(join(root, "pool/two"));
        return 0;
      },
    });
    expect(report).toMatchObject({ checked: 4, unknown: 0 });
    expect(unknowns.list()).toEqual([]);
  });

  test("who asks while one runs is given its job", async () => {
    run(10, "sshd_t", {});
    const [one, other] = [await labels.handlers.Labels(call), await labels.handlers.Labels(call)];
    expect(other).toBe(one);
    await expect.poll(() => jobs.get(one)?.state, { timeout: 30_000 }).not.toBe("running");
  });

  test("files of the host behind denials are told where their label is another", async () => {
    put("pool/odd", "");
    const group = { paths: [join(root, "pool/odd"), "/no/such/file", "relative"], class: "file" };
    const [found] = await labels.mislabelledOf([group as never]);
    expect(found).toEqual([
      expect.objectContaining({ path: join(root, "pool/odd"), restored: "u:r:a_t:s0" }),
    ]);
    const [none, of] = await labels.mislabelledOf([
      { ...group, class: "process" } as never,
      { ...group, sourceSlot: 7 } as never,
    ]);
    expect([none, of]).toEqual([[], []]);
  });
});
