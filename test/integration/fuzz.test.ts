/** Messages that no honest client sends: each gets a correct error, and the agent stays as it is. */
import { readFileSync } from "node:fs";
import { Variant } from "dbus-next/lib/variant.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BusConnection, BusError, systemBusPath } from "../../agent/bus/connection.ts";
import { busName, type Interface } from "../../agent/bus/contract.ts";
import { ceph } from "../../agent/ceph/contract.ts";
import { contracts } from "../../agent/contracts.ts";

let bus: BusConnection;
let pid: number;

beforeAll(async () => {
  bus = await BusConnection.open(systemBusPath());
  const [value] = await bus.callDriver("GetConnectionUnixProcessID", "s", [busName]);
  pid = Number(value);
});
afterAll(() => bus.end());

/** A small generator with a fixed seed (mulberry32), so that a failure can be repeated. */
function generator(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below);
  };
}

const random = generator(20261121);
const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;

function nested(depth: number): Variant {
  let value = new Variant("s", "x");
  for (let i = 0; i < depth; i++) value = new Variant("v", value) as unknown as typeof value;
  return value;
}

const strings = [
  "",
  "\u0000".repeat(0),
  "x".repeat(70_000),
  "{",
  "[".repeat(5000),
  '{"__proto__":{"polluted":true}}',
  '{"limit":-1}',
  '{"cursor":"\u202e\ufeff"}',
  '{"limit":1e309}',
  "null",
  "[]",
  "../../etc/passwd",
  "'; DROP TABLE projects; --",
  "a\u0301\ud83d\ude00",
  "%s%n",
];

const bodies: (() => [string, unknown[]])[] = [
  () => ["", []],
  () => ["s", [pick(strings)]],
  () => ["ss", [pick(strings), pick(strings)]],
  () => ["sss", [pick(strings), pick(strings), pick(strings)]],
  () => ["u", [random(2 ** 31)]],
  () => ["sbu", [pick(strings), true, random(2 ** 31)]],
  () => [
    "sas",
    [pick(strings), Array.from({ length: random(2000) }, () => pick(["", "a", "no-such", "../x"]))],
  ],
  () => ["v", [nested(random(30))]],
  () => ["a{sv}", [{ __proto__x: new Variant("s", "y"), a: new Variant("t", 2n ** 63n) }]],
  () => ["ay", [Buffer.alloc(random(80_000))]],
  () => ["t", [2n ** 64n - 1n]],
  () => ["d", [0.5]],
  () => ["(ssu)", [["a", "b", 1]]],
  () => ["aas", [[["a"], ["b"]]]],
  () => ["g", ["a{sv}"]],
  () => ["o", ["/a/b"]],
];

function rss(): number {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

const standard = [
  "org.freedesktop.DBus.Properties",
  "org.freedesktop.DBus.Introspectable",
  "org.freedesktop.DBus.Peer",
  "org.freedesktop.DBus.ObjectManager",
  "no.such.Interface",
];

/** Members that would do something when the arguments happen to fit are left to other tests. */
function target(): { path: string; interface: string; member: string } {
  const contract = pick(contracts) as Interface;
  const reading = Object.entries(contract.methods).filter(([, m]) => !m.changes || m.in.length > 0);
  const member = pick([
    ...reading.map(([name]) => name),
    "NoSuchMember",
    "toString",
    "constructor",
  ]);
  const right =
    contract.object === undefined ? contract.path : `${contract.path}/${"0".repeat(16)}`;
  const path = pick([right, right, right, right, "/", "/org/dsecos", `${contract.path}/x`]);
  const names = [...Array.from({ length: 8 }, () => contract.name), ...standard];
  return { path, interface: pick(names), member };
}

test("10,000 malformed calls: a correct error each, no crash, no growth", async () => {
  const names = new Map<string, number>();
  const one = async () => {
    const [signature, body] = pick(bodies)();
    const to = target();
    try {
      await bus.call({ destination: busName, ...to, signature, body }, 60_000);
      names.set("reply", (names.get("reply") ?? 0) + 1);
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
      // There is no cluster, which its members say.
      if (to.path === ceph.path && error.name === "org.dsecos.Error.Unavailable") return;
      names.set(error.name, (names.get(error.name) ?? 0) + 1);
      expect(error.message).not.toMatch(/at .*:\d+:\d+|node:internal|TypeError/);
    }
  };
  const burst = async (calls: number) => {
    for (let i = 0; i < calls; i += 20) await Promise.all(Array.from({ length: 20 }, one));
  };
  await burst(2000);
  const before = rss();
  await burst(8000);
  const after = rss();
  const expected =
    /^(reply|org\.freedesktop\.DBus\.Error\.(Unknown\w+|PropertyReadOnly)|org\.dsecos\.Error\.(InvalidArgument|NotFound|Conflict|NeedsApproval))$/;
  for (const name of names.keys()) expect(name).toMatch(expected);
  expect(names.get("org.dsecos.Error.InvalidArgument")).toBeGreaterThan(1000);
  expect(after - before, `from ${before} to ${after} MB`).toBeLessThan(40);
  await expect(bus.callDriver("GetConnectionUnixProcessID", "s", [busName])).resolves.toEqual([
    pid,
  ]);
}, 300_000);

test("signals that nobody asked for are ignored", async () => {
  for (let i = 0; i < 50; i++) {
    bus.emit("/x", "org.freedesktop.DBus", "NameOwnerChanged", "s", ["forged"]);
  }
  const ping = { path: "/", interface: "org.freedesktop.DBus.Peer", member: "Ping" };
  await expect(bus.call({ destination: busName, ...ping })).resolves.toEqual([]);
});
