import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { AuditEntry } from "../../agent/audit/contract.ts";
import {
  Observer,
  type State,
  type StateKind,
  type Subject,
  snapshotAction,
} from "../../agent/audit/observe/observer.ts";
import { permissions } from "../../agent/audit/observe/permissions.ts";
import { policy } from "../../agent/audit/observe/policy.ts";
import {
  changesOf,
  difference,
  type ListEntries,
  replay,
} from "../../agent/audit/replay/replay.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";

const quiet = () => {};
const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

class Changing implements Subject {
  readonly kind: StateKind;
  readonly everyMs = 1_000_000;
  states: Map<string, State> | undefined = new Map();
  #listener = quiet;
  constructor(kind: StateKind) {
    this.kind = kind;
  }
  async read() {
    return this.states === undefined ? undefined : new Map(this.states);
  }
  onChanged(listener: () => void) {
    this.#listener = listener;
  }
  set(name: string, state: State | null): void {
    if (state === null) this.states?.delete(name);
    else this.states?.set(name, state);
    this.#listener();
  }
}

/** A clock that goes on by a second with every entry. */
class Ticking extends RecordingAudit {
  override async append(event: Parameters<RecordingAudit["append"]>[0]) {
    const entry = await super.append(event);
    entry.time = new Date(Date.UTC(2026, 0, 1, 0, 0, entry.sequence)).toISOString();
    return entry;
  }
}

const at = (sequence: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, sequence)).toISOString();

function bed() {
  const tenant = new Changing("tenant");
  const permission = new Changing("permission");
  const audit = new Ticking();
  let now = Date.UTC(2026, 0, 1);
  const start = (recent: AuditEntry[] = []) => {
    const subjects = [tenant, permission];
    const observer = new Observer({ subjects, audit, log: quiet, now: () => now });
    observer.start(recent);
    ends.push(() => observer.stop());
    return observer;
  };
  const list: ListEntries = async ({ action = "", to = "", cursor, limit }) => {
    const all = audit.entries.filter((e) => e.action.startsWith(action) && e.time < to).reverse();
    const from = Number(cursor);
    const next = from + Math.min(limit, 3);
    return { rows: all.slice(from, next), next: next < all.length ? String(next) : "" };
  };
  const actions = () => audit.entries.map(({ action, object }) => `${action} ${object ?? ""}`);
  const pass = (ms: number) => {
    now += ms;
  };
  return { tenant, permission, audit, start, list, actions, pass };
}

test("the state at any instant is what was recorded last before it", async () => {
  const { tenant, permission, audit, start, list } = bed();
  tenant.set("mod", { quota: { cpu: "1", ram: "1GiB" } });
  permission.set("dsecos-officer", { members: ["olga"] });
  start();
  await expect.poll(() => audit.entries.length).toBe(3);
  tenant.set("mod", { quota: { cpu: "2", ram: "1GiB" } });
  await expect.poll(() => audit.entries.length).toBe(4);
  tenant.set("nhs", { quota: { cpu: "9" } });
  await expect.poll(() => audit.entries.length).toBe(5);
  tenant.set("mod", null);
  await expect.poll(() => audit.entries.length).toBe(6);

  const names = async (sequence: number) => {
    const { objects, known } = await replay(list, at(sequence));
    return known
      ? objects.map(({ name, state }) => `${name} ${JSON.stringify(state)}`)
      : "not known";
  };
  expect(await names(2)).toBe("not known");
  const officer = 'dsecos-officer {"members":["olga"]}';
  expect(await names(3)).toEqual(['mod {"quota":{"cpu":"1","ram":"1GiB"}}', officer]);
  expect(await names(4)).toEqual(['mod {"quota":{"cpu":"2","ram":"1GiB"}}', officer]);
  expect(await names(5)).toEqual([
    'mod {"quota":{"cpu":"2","ram":"1GiB"}}',
    'nhs {"quota":{"cpu":"9"}}',
    officer,
  ]);
  expect(await names(6)).toEqual(['nhs {"quota":{"cpu":"9"}}', officer]);
  const changes = changesOf([...audit.entries].reverse());
  expect(changes.map(({ entry, changed }) => [entry.object, changed])).toEqual([
    ["mod", [{ path: "quota", before: { cpu: "2", ram: "1GiB" }, after: null }]],
    ["nhs", [{ path: "quota", before: null, after: { cpu: "9" } }]],
    ["mod", [{ path: "quota/cpu", before: "1", after: "2" }]],
  ]);
});

test("all is recorded anew once a day, and a restart within the day records only what changed", async () => {
  const { tenant, audit, start, list, actions, pass } = bed();
  tenant.set("mod", { cpu: "1" });
  const first = start();
  await expect.poll(actions).toEqual(["state.Tenant mod", "state.Snapshot "]);
  await first.stop();
  tenant.states?.set("mod", { cpu: "2" });
  pass(1000);
  const second = start([...audit.entries]);
  await expect.poll(() => audit.entries.length).toBe(3);
  expect(audit.entries[2]?.details).toEqual({ now: { cpu: "2" }, was: { cpu: "1" } });
  await second.stop();
  pass(2 * 86_400_000);
  tenant.states?.set("mod", { cpu: "3" });
  start([...audit.entries]);
  await expect
    .poll(actions)
    .toEqual([
      "state.Tenant mod",
      "state.Snapshot ",
      "state.Tenant mod",
      "state.Tenant mod",
      "state.Tenant mod",
      "state.Snapshot ",
    ]);
  const { since, objects } = await replay(list, at(6));
  expect(since).toBe(at(6));
  expect(objects).toMatchObject([{ name: "mod", state: { cpu: "3" }, sequence: 5 }]);
});

test("while an engine is away, the rest is recorded and nothing counts as gone", async () => {
  const { tenant, permission, start, actions } = bed();
  tenant.states = undefined;
  permission.set("dsecos-viewer", { members: [] });
  start();
  await expect.poll(actions).toEqual(["state.Permission dsecos-viewer"]);
  tenant.states = new Map();
  tenant.set("mod", { cpu: "1" });
  await expect.poll(actions).toContain(`${snapshotAction} `);
  // As a change first, then as a part of the whole.
  expect(actions().filter((action) => action === "state.Tenant mod")).toHaveLength(2);
});

test("a state that is too large for the record stops nothing, and is told by its hash", async () => {
  const { tenant, audit, start, list, actions } = bed();
  tenant.set("mod", { cpu: "1" });
  const first = start();
  await expect.poll(actions).toEqual(["state.Tenant mod", "state.Snapshot "]);
  await first.stop();
  const [large] = audit.entries;
  if (large !== undefined) large.details = { omitted: "ab", size: 20_000 };
  start([...audit.entries]);
  await expect.poll(() => audit.entries.length).toBe(3);
  const { objects } = await replay(list, at(2));
  expect(objects).toMatchObject([{ name: "mod", state: { omitted: "ab", size: 20_000 } }]);
  expect(changesOf([...audit.entries].reverse()).at(-1)?.changed).toEqual([]);
});

test("a change is tied to the act before it, and to none when somebody did it elsewhere", async () => {
  const audit = new Ticking();
  const act = { action: "tenants.Update", actor: "anna", uid: 1000, tenant: "mod" } as const;
  const seen = { action: "state.Tenant", actor: "agent", uid: 0, outcome: "note" } as const;
  await audit.append({ ...act, outcome: "intent" });
  await audit.append({ ...act, outcome: "success" });
  const details = { now: { cpu: "2" }, was: { cpu: "1" } };
  await audit.append({ ...seen, object: "mod", tenant: "mod", details });
  await audit.append({ ...seen, object: "nhs", tenant: "nhs", details });
  const causes = changesOf([...audit.entries].reverse()).map(({ cause }) => cause);
  expect(causes).toEqual([null, 2, null, null]);
});

test("differences name the members that differ", () => {
  const before = { a: 1, b: { c: [1], d: 2 }, gone: true };
  const after = { a: 1, b: { c: [1, 2], d: 2 }, fresh: null };
  expect(difference(before, after)).toEqual([
    { path: "b/c", before: [1], after: [1, 2] },
    { path: "gone", before: true, after: null },
  ]);
});

test("groups are read with those whose first group it is", async () => {
  const states = await permissions().read();
  expect(states?.get("root")?.members).toContain("root");
});

test("policy files are told by hash, owner and mode; links and other things are not followed", async () => {
  const root = mkdtempSync(join(tmpdir(), "dsecos-policy-"));
  ends.push(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, "etc/sudoers.d"), { recursive: true });
  writeFileSync(join(root, "etc/sudoers.d/ops"), "ops ALL=(ALL) ALL\n", { mode: 0o440 });
  symlinkSync("/etc/shadow", join(root, "etc/sudoers.d/link"));
  const states = await policy(root).read();
  expect([...(states?.keys() ?? [])]).toEqual(["/etc/sudoers.d/ops"]);
  expect(states?.get("/etc/sudoers.d/ops")).toMatchObject({
    mode: "440",
    sha256: "4348f008e1735299415eae33e8c94a46ed21d238f560d27294db53b9ddf5bd8a",
  });
});
