/**
 * Real labels on a real file system, by the policy that is really built: what is mislabelled is
 * found, restored, and then right in the eyes of Debian 13's setfiles. Links do not lead astray.
 */
import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import * as v from "valibot";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Call } from "../../agent/bus/call.ts";
import { JobList } from "../../agent/jobs/service.ts";
import { System } from "../../agent/node/system.ts";
import { readLabels } from "../../agent/selinux/labels/actual.ts";
import { labelFilterSchema, labelReportSchema } from "../../agent/selinux/labels/answers.ts";
import { readLabelPolicy } from "../../agent/selinux/labels/check.ts";
import { placesOf } from "../../agent/selinux/labels/places.ts";
import { relabel } from "../../agent/selinux/labels/relabel.ts";
import { restoredAction } from "../../agent/selinux/labels/restore.ts";
import { createLabels } from "../../agent/selinux/labels/service.ts";
import { buildPolicy } from "../../agent/selinux/policy/build.ts";
import { writeStore } from "../../agent/selinux/policy/store.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";
import { programIn, selinuxRoot, toolsIn } from "../lib/selinux-tools.js";

const run = promisify(execFile);
const own = resolve(import.meta.dirname, "../../policies/selinux");
const pools = "/var/lib/incus/storage-pools";
const tree = mkdtempSync(join(tmpdir(), "dsecos-restore-"));
const at = (path: string) => join(tree, path);
/** Debian's tools, in a directory of their own. */
let debian = "";
let audit: RecordingAudit;
let jobs: JobList;
let labels: ReturnType<typeof createLabels>;
const call = {
  ...{ id: "0123456789abcdef", member: "selinux.Restore" },
  caller: { user: "otto", uid: 1004 },
} as unknown as Call;

const files = [
  `${pools}/tenant0001/containers/web/rootfs/etc/passwd`,
  `${pools}/tenant0001/containers/web/rootfs/srv/deep/file`,
  `${pools}/tenant0001/custom/data/with a blank`,
  `${pools}/tenant0001/custom/data/level`,
  `${pools}/tenant0001/virtual-machines/vm/root.img`,
  `${pools}/tenant0002/custom/data/file`,
  "/etc/dsecos/agent.json",
  "/var/lib/dsecos/state",
  "/outside/victim",
];

beforeAll(async () => {
  debian = await selinuxRoot();
  const built = at("built");
  const modules = join(debian, "usr/share/selinux/default");
  const plan = { tenants: [{ name: "one", number: 1 }], spare: 1 };
  await buildPolicy(plan, built, { own, modules, tools: toolsIn(debian) });
  const contexts = join(debian, "etc/selinux/default/contexts");
  const store = await writeStore(built, { root: tree, contexts });
  // The same entries, with the tree in front, since it is seen from outside.
  const list = join(store, "contexts/files/file_contexts");
  const text = readFileSync(list, "latin1").replaceAll(/^\//gm, `${tree}/`);
  writeFileSync(list, text, "latin1");
  rmSync(join(store, "contexts/files/file_contexts.subs_dist"), { force: true });
  for (const file of files) {
    mkdirSync(dirname(at(file)), { recursive: true });
    writeFileSync(at(file), "x");
  }
  symlinkSync("passwd", at(`${pools}/tenant0001/containers/web/rootfs/etc/link`));
  await setfiles(["-F"]);
  audit = new RecordingAudit();
  jobs = new JobList({ audit, log: () => {} });
  // A fake of the kernel's directory: nothing runs with labels on this machine.
  mkdirSync(at("proc/10/attr"), { recursive: true });
  writeFileSync(at("proc/10/attr/current"), "system_u:system_r:sshd_t:s0\n\0");
  writeFileSync(at("proc/10/cmdline"), "sshd\0");
  for (const name of ["cgroup", "comm"]) writeFileSync(at(`proc/10/${name}`), "sshd\n");
  labels = createLabels({
    ...{ jobs, audit, log: () => {}, system: new System(tree) },
    slotHolders: () => new Map([[1, "one"]]),
    store: async () => store,
    changed: () => {},
    places: () => placesOf([1, 2]).map((place) => ({ ...place, path: at(place.path) })),
    allowed: (path) => path.startsWith(at(pools)) || path.startsWith(at("/etc/dsecos")),
  });
}, 900_000);
afterAll(() => rmSync(tree, { recursive: true, force: true }));

/** @returns what it says of places that the agent looks at */
async function setfiles(options: readonly string[]): Promise<string[]> {
  const { command, args } = programIn(debian, "usr/sbin/setfiles");
  const list = at("etc/selinux/enterprise/contexts/files/file_contexts");
  const roots = ["etc/dsecos", "etc/selinux", "var/lib/dsecos", "var/lib/incus"].map(at);
  const { stdout } = await run(command, [...args, ...options, list, ...roots], {
    ...{ timeout: 60_000, maxBuffer: 16 * 1024 * 1024 },
  });
  return stdout.split("\n").slice(0, -1);
}

const label = (context: string, path: string) => run("chcon", ["-h", context, at(path)]);
const contextOf = async (path: string) => (await readLabels([at(path)])).found[0]?.context;

async function ended(id: string) {
  await expect.poll(() => jobs.get(id)?.state, { timeout: 60_000 }).not.toBe("running");
  return jobs.get(id);
}

async function checked() {
  const job = await ended(await labels.handlers.Labels(call));
  const report = await labels.handlers.LabelReport(call, v.parse(labelFilterSchema, {}));
  expect(v.safeParse(labelReportSchema, report).issues).toBeUndefined();
  return { job, report };
}

const [passwd = "", , blank = "", level = "", image = "", , config = "", , victim = ""] = files;
const link = `${pools}/tenant0001/containers/web/rootfs/etc/link`;

test("what Debian's own program labelled is right, and all of it was looked at", async () => {
  expect(await contextOf(passwd)).toBe("system_u:object_r:tenant0001_file_t:s0");
  expect(await contextOf(image)).toBe("system_u:object_r:tenant0001_img_t:s0");
  expect(await contextOf(config)).toBe("system_u:object_r:dsecos_conf_t:s0");
  const { job, report } = await checked();
  expect(report).toMatchObject({ unknown: [], files: { wrong: 0, rows: [] } });
  expect({ state: report.state, job: job?.state }).toEqual({ state: "right", job: "succeeded" });
  const own = report.places.find(({ slot }) => slot === 1);
  expect(own).toMatchObject({ path: at(`${pools}/tenant0001`), whole: true, checked: 17 });
});

test("mislabelled files are found, restored but for their level, and on record with both", async () => {
  await label("system_u:object_r:tenant0002_vol_t:s0:c1,c5", blank);
  await label("system_u:object_r:tenant0001_vol_t:s0:c3,c9", level);
  await label("system_u:object_r:var_lib_t:s0", passwd);
  await label("system_u:object_r:etc_t:s0", link);
  await label("system_u:object_r:unlabeled_t:s0", config);
  const { job, report } = await checked();
  expect({ state: report.state, job: job?.state }).toEqual({ state: "wrong", job: "failed" });
  const rows = report.files.rows.map(({ path, found, restored, slot }) => ({
    ...{ path: path.slice(tree.length), found, restored, slot },
  }));
  expect(rows.sort((a, b) => (a.path < b.path ? -1 : 1))).toMatchObject([
    { path: config, restored: "system_u:object_r:dsecos_conf_t:s0", slot: null },
    { path: link, restored: "system_u:object_r:tenant0001_file_t:s0", slot: 1 },
    { path: passwd, found: "system_u:object_r:var_lib_t:s0", slot: 1 },
    { path: blank, restored: "system_u:object_r:tenant0001_vol_t:s0:c1,c5", slot: 1 },
  ]);
  expect(labels.mislabelled()).toEqual(
    new Map([
      [1, 3],
      [2, 0],
    ]),
  );
  const would = await setfiles(["-n", "-v"]);
  expect(would).toHaveLength(4);

  const paths = report.files.rows.map(({ path }) => path);
  expect(await ended(await labels.handlers.Restore(call, paths))).toMatchObject({
    state: "succeeded",
    results: paths.map((path) => ({ object: path })),
  });
  expect(await setfiles(["-n", "-v"])).toEqual([]);
  expect((await checked()).report.state).toBe("right");
  expect(await contextOf(blank)).toBe("system_u:object_r:tenant0001_vol_t:s0:c1,c5");
  expect(await contextOf(level)).toBe("system_u:object_r:tenant0001_vol_t:s0:c3,c9");
  const entries = audit.entries.filter(({ action }) => action === restoredAction);
  expect(entries).toMatchObject([{ outcome: "success", actor: "otto", uid: 1004, call: call.id }]);
  expect(entries[0]?.details?.files).toContainEqual({
    path: at(passwd),
    from: "system_u:object_r:var_lib_t:s0",
    to: "system_u:object_r:tenant0001_file_t:s0",
  });
});

test("a denial on such a file names it", async () => {
  await label("system_u:object_r:var_lib_t:s0", passwd);
  await checked();
  const inside = { sourceSlot: 1, class: "file", paths: ["/etc/passwd"] } as never;
  const other = { sourceSlot: 2, class: "file", paths: ["/etc/passwd"] } as never;
  expect(await labels.mislabelledOf([inside, other])).toEqual([
    [expect.objectContaining({ path: at(passwd), found: "system_u:object_r:var_lib_t:s0" })],
    [],
  ]);
  await ended(await labels.handlers.Restore(call, [at(passwd)]));
});

test("nothing else is touched: other places, what is gone, what the policy does not label", async () => {
  await expect(labels.handlers.Restore(call, [at(passwd), at(victim)])).rejects.toMatchObject({
    code: "InvalidArgument",
    message: expect.stringContaining(at(victim)),
  });
  const gone = at(`${pools}/tenant0001/gone`);
  const job = await ended(await labels.handlers.Restore(call, [gone, at(`${pools}/no/such`)]));
  expect(job).toMatchObject({
    state: "failed",
    results: [
      { object: gone, error: expect.stringContaining("gone") },
      { error: expect.stringContaining("There is no directory") },
    ],
  });
});

test("a link in the way leads nowhere, even when it appears while the label is set", async () => {
  const before = "system_u:object_r:shadow_t:s0";
  await label(before, victim);
  const trap = at(`${pools}/tenant0001/custom/trap`);
  mkdirSync(trap);
  writeFileSync(join(trap, "victim"), "mine");
  const path = join(trap, "victim");
  renameSync(trap, `${trap}.real`);
  symlinkSync(dirname(at(victim)), trap);
  const refused = await ended(await labels.handlers.Restore(call, [path]));
  expect(refused?.results[0]?.error).toContain("links are not followed");
  expect(await contextOf(victim)).toBe(before);

  const policy = await readLabelPolicy(at("etc/selinux/enterprise"));
  let swapping = true;
  let swaps = 0;
  const swap = () => {
    if (!swapping) return;
    if (existsSync(`${trap}.link`)) {
      renameSync(trap, `${trap}.real`);
      renameSync(`${trap}.link`, trap);
    } else {
      renameSync(trap, `${trap}.link`);
      renameSync(`${trap}.real`, trap);
    }
    swaps += 1;
    setImmediate(swap);
  };
  swap();
  let restored = 0;
  try {
    for (let round = 0; round < 25; round++) {
      const { error } = await relabel(policy, path);
      if (error === undefined) restored += 1;
      expect(await contextOf(victim)).toBe(before);
    }
  } finally {
    swapping = false;
  }
  expect(swaps).toBeGreaterThan(25);
  expect(restored).toBeGreaterThan(0);
}, 120_000);
