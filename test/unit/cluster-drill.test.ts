import { safeParse } from "valibot";
import { expect, test } from "vitest";
import type { AuditEntry } from "../../agent/audit/entry.ts";
import { BusError, type CallTarget } from "../../agent/bus/connection.ts";
import { type DrillRecord, type Gaps, gapsSchema } from "../../agent/cluster/drill/answers.ts";
import { createAway } from "../../agent/cluster/drill/away.ts";
import { Cut, cutText } from "../../agent/cluster/drill/cut.ts";
import { pageOf } from "../../agent/cluster/drill/filed.ts";
import { drillsIn, histogramOf, percentile } from "../../agent/cluster/drill/histogram.ts";
import { measure } from "../../agent/cluster/drill/meter.ts";
import { Observer } from "../../agent/cluster/drill/observer.ts";
import {
  drillKey,
  maximumDrill,
  readAnnouncement,
  readSeen,
  seenKey,
  writeAnnouncement,
  writeSeen,
} from "../../agent/cluster/drill/published.ts";
import { Drills } from "../../agent/cluster/drill/service.ts";
import { DrillUnits } from "../../agent/cluster/drill/units.ts";
import { type Maintenance, openMs } from "../../agent/cluster/drill/windows.ts";
import type { Member, Reading } from "../../agent/cluster/members/incus.ts";
import { usualPace } from "../../agent/cluster/pace.ts";
import { configSchema } from "../../agent/config.ts";
import { always, noDrills } from "../lib/drill-bed.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";

const id = "0123456789abcdef";
const none: Gaps = { writes: null, pages: null, instances: null, storage: null, keys: null };

const drill = (kind: DrillRecord["kind"], away: number, ...others: number[]): DrillRecord => ({
  ...{ id, kind, node: "n0", leader: true, by: "otto", reason: "yearly", seconds: 30 },
  ...{ at: "2026-11-01T12:00:00.000Z", back: true, error: "", missing: [] },
  nodes: [away, ...others].map((writes, index) => ({ node: `n${index}`, ...none, writes })),
});

test("a service that is gone is gone from one answer to the next, and one that is not asked is unknown", async () => {
  const over = new AbortController();
  let asked = 0;
  const measuring = measure(
    {
      async writes() {
        asked++;
        if (asked > 5 && asked < 9) throw new Error("no leader");
        if (asked === 14) over.abort();
      },
      pages: async () => undefined,
      keys: () => new Promise(() => undefined),
    },
    over.signal,
  );
  const began = performance.now();
  const { gaps, said } = await measuring;
  const whole = performance.now() - began;
  expect(gaps).toMatchObject({ instances: null, storage: null });
  // Three questions in vain, each with the pause behind it, and those before and after them.
  expect(gaps.writes).toBeGreaterThanOrEqual(3 * 50);
  expect(gaps.writes).toBeGreaterThan(gaps.pages ?? Number.NaN);
  // What hangs is gone from the beginning to the end, and holds up nobody.
  expect(gaps.keys).toBeGreaterThan(gaps.writes ?? Number.NaN);
  expect(gaps.keys).toBeLessThanOrEqual(Math.ceil(whole));
  expect(said).toEqual({ writes: "Error: no leader" });
});

test("the histogram counts each drill once, where it went away apart from the worst of the others", () => {
  const rows = histogramOf([
    drill("kill", 30_500, 900, 4200),
    drill("kill", 30_200, 5800, 100),
    drill("stop", 30_000, 80, 90),
  ]);
  expect(rows.map(({ kind, service, where, drills }) => [kind, service, where, drills])).toEqual([
    ["kill", "writes", "away", 2],
    ["kill", "writes", "others", 2],
    ["stop", "writes", "away", 1],
    ["stop", "writes", "others", 1],
  ]);
  const [, killed] = rows;
  expect(killed).toMatchObject({ p50Ms: 4200, p95Ms: 5800, longestMs: 5800 });
  const full = killed?.bars.filter((bar) => bar.drills > 0);
  expect(full).toEqual([
    { upToMs: 4200, drills: 1 },
    { upToMs: 6000, drills: 1 },
  ]);
  expect(rows[0]?.bars.at(-1)).toEqual({ upToMs: null, drills: 2 });
});

test.each([
  [[], 95, 0],
  [[7], 50, 7],
  [[1, 2, 3, 4], 50, 2],
  [Array.from({ length: 30 }, (_, i) => i + 1), 95, 29],
  [Array.from({ length: 100 }, (_, i) => i + 1), 95, 95],
])("of %j, %i percent are at most %i", (sorted, percent, at) => {
  expect(percentile(sorted, percent)).toBe(at);
});

test("what no agent filed is no drill", () => {
  const entry = (details: unknown) => ({ sequence: 7, details }) as AuditEntry;
  const good = drill("kill", 1, 2);
  const entries = [
    entry({ drill: good }),
    entry(undefined),
    entry({ drill: { ...good, id: "x" } }),
  ];
  expect(drillsIn(entries)).toEqual([{ ...good, sequence: 7 }]);
});

test("drills on record are searched and turned over, also while others are filed", () => {
  const filed = (sequence: number, change: Partial<DrillRecord> = {}) => ({
    ...{ ...drill("kill", 30_000, 900), ...change },
    sequence,
  });
  const all = [
    filed(50, { kind: "stop" }),
    filed(40, { reason: "After the Move" }),
    filed(30, { error: "Incus did not come back." }),
    filed(20, { missing: ["node9"] }),
    filed(10, { by: "olga" }),
  ];
  const found = (text: string, cursor = "", limit = 50) => {
    const { drills, ...rest } = pageOf(all, { text, cursor, limit });
    return { ...rest, events: drills.map(({ sequence }) => sequence) };
  };
  expect(found("")).toEqual({ total: 5, next: "", events: [50, 40, 30, 20, 10] });
  for (const [text, event] of [
    ["stop", 50],
    [" after the move ", 40],
    ["come back", 30],
    ["NODE9", 20],
    ["olga", 10],
  ] as const) {
    expect(found(text), text).toEqual({ total: 1, next: "", events: [event] });
  }
  expect(found("n1").total).toBe(5);
  const first = found("", "", 2);
  expect(first).toEqual({ total: 5, next: "40", events: [50, 40] });
  all.unshift(filed(60));
  const second = found("", first.next, 2);
  expect(second).toEqual({ total: 6, next: "20", events: [30, 20] });
  expect(found("", second.next, 2)).toEqual({ total: 6, next: "", events: [10] });
});

test("what is aimed at is the end of a bar, and of writes only where Incus is there", () => {
  const rows = histogramOf([
    {
      ...drill("kill", 1, 2),
      nodes: ["n0", "n1"].map((node) => ({ node, ...none, writes: 1, pages: 1, keys: 1 })),
    },
  ]);
  const aims = rows.map(({ service, where, aimMs }) => `${service} ${where} ${aimMs}`);
  expect(aims).toEqual([
    ...["writes away null", "writes others 4200", "pages away 1000", "pages others 1000"],
    ...["keys away null", "keys others null"],
  ]);
  for (const { aimMs, bars } of rows) {
    if (aimMs !== null) expect(bars.map(({ upToMs }) => upToMs)).toContain(aimMs);
  }
});

const at = (text: string) => Date.parse(`2026-11-${text}:00.000Z`);
const minutes = (windows: Maintenance, text: string) => openMs(windows, at(text)) / 60_000;

test("windows are open in UTC on their days, and go on in one that follows", () => {
  // 2026-11-01 is a Sunday.
  const sunday: Maintenance = [{ days: ["sunday"], from: "02:00", until: "04:00" }];
  expect(minutes(sunday, "01T01:59")).toBe(0);
  expect(minutes(sunday, "01T02:00")).toBe(120);
  expect(minutes(sunday, "01T04:00")).toBe(0);
  expect(minutes(sunday, "02T03:00")).toBe(0);
  const night: Maintenance = [
    { days: ["sunday"], from: "22:00", until: "24:00" },
    { days: ["monday"], from: "00:00", until: "02:00" },
  ];
  expect(minutes(night, "01T23:00")).toBe(180);
  expect(minutes(night, "02T01:00")).toBe(60);
  expect(minutes([], "01T12:00")).toBe(0);
});

test.each([
  [{ from: "04:00", until: "02:00" }, false],
  [{ from: "02:00", until: "02:00" }, false],
  [{ from: "2:00", until: "04:00" }, false],
  [{ days: ["someday"], from: "02:00", until: "04:00" }, false],
  [{ days: [], from: "02:00", until: "04:00" }, false],
  [{ from: "00:00", until: "24:00" }, true],
])("a configuration with the window %j is taken: %s", (window, taken) => {
  expect(safeParse(configSchema, { maintenance: [window] }).success).toBe(taken);
});

test.each([
  ["no JSON", "{"],
  ["too much", `{"format":1,"more":"${"x".repeat(maximumDrill)}"}`],
  [
    "another kind",
    writeAnnouncement({
      id,
      kind: "rm" as "kill",
      at: "2026-11-01T12:00:00Z",
      seconds: 30,
      over: false,
    }),
  ],
  [
    "an id with markup",
    writeAnnouncement({
      id: "<script>",
      kind: "kill",
      at: "2026-11-01T12:00:00Z",
      seconds: 30,
      over: false,
    }),
  ],
  ["no time", writeAnnouncement({ id, kind: "kill", at: "soon", seconds: 30, over: false })],
])("an announcement of %s is none", (_name, text) => {
  expect(readAnnouncement(text)).toBeUndefined();
});

test("what a member saw counts for the drill that it names, in numbers that can be", () => {
  const text = writeSeen(id, { ...none, writes: 5000 });
  expect(readSeen(text, id)).toEqual({ ...none, writes: 5000 });
  expect(readSeen(text, "f".repeat(16))).toBeUndefined();
  expect(readSeen(text.replace("5000", "-1"), id)).toBeUndefined();
  expect(readSeen(text.replace("5000", '"5000"'), id)).toBeUndefined();
  expect(readSeen(text.replace("5000", "3600001"), id)).toBeUndefined();
  expect(safeParse(gapsSchema, { ...none, writes: 1.5 }).success).toBe(false);
});

test("a drill of another is seen once, whatever it announces again, and told when it is over", async () => {
  const written: Record<string, string>[] = [];
  let begun = 0;
  const observer = new Observer({
    async probes(writes) {
      begun++;
      return writes ? { writes: async () => undefined } : {};
    },
    write: async (config) => void written.push(config),
    log: (_level, message) => {
      throw new Error(message);
    },
  });
  const announced = (over: boolean, of = id) =>
    writeAnnouncement({ id: of, kind: "kill", at: "2026-11-01T12:00:00.000Z", seconds: 30, over });
  const reading = (text: string): Reading & { kind: "cluster" } => ({
    kind: "cluster",
    self: "node1",
    members: ["node1", "node2"].map((name) => ({
      ...({ name, address: "", state: "online", facts: "", log: "", seen: "" } as Member),
      drill: name === "node2" ? text : announced(false, "f".repeat(16)),
    })),
  });
  observer.hear(reading(announced(false)));
  observer.hear(reading(announced(false)));
  observer.hear(reading(announced(true)));
  await observer.stop();
  observer.hear(reading(announced(false)));
  await observer.stop();
  expect(begun).toBe(1);
  // First that it measures, then what it saw.
  expect(written.map((config) => Object.keys(config))).toEqual([[seenKey], [seenKey]]);
  expect(readSeen(written[0]?.[seenKey] ?? "", id)).toBeNull();
  expect(readSeen(written[1]?.[seenKey] ?? "", id)).toMatchObject({ pages: null });
  expect(drillKey).not.toBe(seenKey);
});

/** The nodes as one reading has them. */
function held(states: Member["state"][], drills: Partial<Record<string, string>> = {}) {
  const members = states.map((state, index) => {
    const name = `node${index + 1}`;
    return { name, address: "", state, facts: "", log: "", seen: "", drill: drills[name] ?? "" };
  });
  const reading: Reading = { kind: "cluster", self: "node1", members };
  const refused = async () => {
    throw new Error("no drill was to begin");
  };
  const audit = new RecordingAudit();
  return new Drills({
    peers: { reading, look: async () => undefined },
    members: { isLeader: refused },
    ...{ write: refused, probes: refused, pace: usualPace },
    ...noDrills(audit),
    windows: always,
    audit,
    log: () => undefined,
  });
}

const spec = { kind: "kill", seconds: 30, reason: "yearly" } as const;
const ask = (drills: Drills, node = "node1") =>
  drills.fingerprints.Drill(undefined as never, node, spec);
const show = (drills: Drills) =>
  drills.handlers.Drills(undefined as never, { text: "", cursor: "", limit: 50 });
const three: Member["state"][] = ["online", "online", "online"];
const announced = (when: number) => ({
  node3: writeAnnouncement({
    ...{ id, kind: "stop", at: new Date(when).toISOString(), seconds: 30, over: false },
  }),
});

test("a drill is refused where it would do harm, before anybody approves it", async () => {
  expect(await ask(held(three))).toBe("node1 online, node2 online, node3 online");
  await expect(ask(held(["online", "online"]))).rejects.toThrow("a cluster of 3 nodes or more");
  await expect(ask(held(["online", "offline", "online"]))).rejects.toThrow("node2 is offline");
  await expect(ask(held(["online", "online", "evacuated"]))).rejects.toThrow("node3 is evacuated");
  await expect(ask(held(three), "node2")).rejects.toThrow("order the drill of node2 there");
  const running = "One drill at a time. A drill of node3 is under way.";
  await expect(ask(held(three, announced(Date.now())))).rejects.toThrow(running);
  // One that never came back is not waited for, nor one that is still to come.
  await ask(held(three, announced(Date.now() - 3_600_000)));
  await ask(held(three, announced(Date.now() + 3_600_000)));
});

test("what is in the way, and what another node does, is shown before anybody asks", async () => {
  const nodes = ["node1", "node2", "node3"];
  const free = await show(held(three));
  expect(free).toMatchObject({ node: "node1", nodes, obstacle: "", running: null });
  expect(free.window).toMatchObject({ open: true, declared: true });
  const when = Date.now();
  const { running, obstacle } = await show(held(three, announced(when)));
  expect(obstacle).toContain("A drill of node3 is under way");
  expect(running).toMatchObject({ node: "node3", kind: "stop", seconds: 30, job: "" });
  // The others hear of it within 40 s, and then it takes its time.
  expect(Date.parse(running?.until ?? "") - when).toBe(70_000);
});

test("of two that are ordered at once, one begins", async () => {
  const drills = held(three);
  const call = { caller: { user: "otto", uid: 1001 }, member: "cluster.Drill" };
  const order = () => drills.handlers.Drill(call as never, "node1", spec);
  const both = await Promise.allSettled([order(), order()]);
  expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  expect(both[1]).toMatchObject({
    reason: { message: expect.stringContaining("A drill of node1 is under way") },
  });
});

test("members stay within reach by address and network, and one with a name is refused", async () => {
  const loaded: string[] = [];
  const nft = { load: async (text: string) => void loaded.push(text), others: async () => [] };
  const cut = new Cut(nft, ["10.1.0.0/16"]);
  await cut.begin(["192.0.2.1:8443", "[2001:db8::1]:8443"], 30);
  expect(loaded).toEqual([cutText(["192.0.2.1", "2001:db8::1", "10.1.0.0/16"], 30)]);
  expect(loaded[0]).toContain("ip saddr 10.1.0.0/16 accept");
  expect(loaded[0]).toContain("ip6 daddr 2001:db8::1 accept");
  expect(loaded[0]).toContain("ipv4 timeout 30s");
  await expect(cut.begin(["node2.example:8443"], 30)).rejects.toThrow("give its Incus an address");
  expect(loaded).toHaveLength(1);
});

/** A fake of systemd on the bus. @param states of a unit, one for each look; the last one stays */
function fakeSystemd(states: Record<string, string[]>, asked: string[]) {
  return {
    async call({ member, body = [] }: CallTarget): Promise<unknown[]> {
      const [unit] = body as [string];
      if (member === "LoadUnit") return [`/unit/${unit}`];
      if (member === "Get") {
        const path = asked.at(-1)?.split(" ")[1] ?? "";
        const left = states[path] ?? ["inactive"];
        return [{ value: left.length > 1 ? left.shift() : left[0] }];
      }
      asked.push(`${member} ${unit}`);
      return ["/job/1"];
    },
  };
}

test("the unit of a drill is waited for, and one that fails is told", async () => {
  const asked: string[] = [];
  const unit = "dsecos-drill@SIGKILL.service";
  const units = new DrillUnits(
    fakeSystemd({ [unit]: ["activating", "activating", "active"] }, asked),
  );
  await units.start("kill");
  expect(asked).toEqual([`StartUnit ${unit}`]);
  const failing = new DrillUnits(fakeSystemd({ [unit]: ["activating", "failed"] }, []));
  await expect(failing.start("kill")).rejects.toThrow(`“systemctl status ${unit}” tells why`);
});

test("without systemd no drill begins, and nothing is away", async () => {
  const nobody = {
    async call(): Promise<unknown[]> {
      throw new BusError("org.freedesktop.DBus.Error.ServiceUnknown", "nobody");
    },
  };
  const nft = { load: async () => undefined, others: async () => ["inet dsecos"] };
  const away = createAway(new DrillUnits(nobody), new Cut(nft, []));
  await expect(away.take("kill", 30, [])).rejects.toThrow("systemd does not answer");
  expect(await away.isAway()).toBe(false);
});
