import { beforeEach, describe, expect, test } from "vitest";
import type { AuditEntry } from "../../agent/audit/entry.ts";
import { heard } from "../../agent/cluster/members/heard.ts";
import type { Member } from "../../agent/cluster/members/incus.ts";
import { isMemberName } from "../../agent/cluster/members/names.ts";
import { Peer } from "../../agent/cluster/members/peer.ts";
import { rowOf } from "../../agent/cluster/view.ts";
import { judge, type Seen } from "../../agent/cluster/witness/judge.ts";
import { Memory, witnessedAction } from "../../agent/cluster/witness/memory.ts";
import { maximumLog, type PublishedLog } from "../../agent/cluster/witness/schema.ts";
import { ownLogOf, someFacts } from "../lib/cluster-facts.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";
import { TreeLog } from "../lib/tree-log.ts";

let log: TreeLog;
beforeEach(() => {
  log = new TreeLog("dsecos.org/audit/node2/00000001").append(100);
});

const shows = (of: TreeLog, from: number[] = []): PublishedLog => ({
  format: 1,
  vkey: of.vkey,
  checkpoint: of.checkpoint(),
  proofs: from.map((size) => ({
    from: size,
    hashes: of.proof(size).map((hash) => hash.toString("base64")),
  })),
  seen: {},
  cosigned: [],
});

function seenOf(of: TreeLog): Seen {
  const first = judge(shows(of), undefined);
  if (first.kind !== "first") throw new Error(first.kind);
  return first.seen;
}

describe("a log against what was seen of it", () => {
  test("goes on where the proof from that size leads to it", () => {
    const seen = seenOf(log);
    log.append(55);
    expect(judge(shows(log, [30, 100]), seen)).toMatchObject({
      kind: "continues",
      seen: { size: 155, note: log.checkpoint() },
    });
    expect(judge(shows(log, [30]), seen)).toMatchObject({ kind: "unproven", size: 155 });
  });

  test("any hash of the proof that is changed, missing or too many makes it a fork", () => {
    const seen = seenOf(log);
    const shown = shows(log.append(55), [100]);
    const [{ hashes = [] } = {}] = shown.proofs;
    expect(hashes.length).toBeGreaterThan(3);
    const wrong = [
      ...hashes.map((_hash, i) => hashes.with(i, Buffer.alloc(32, 7).toString("base64"))),
      ...hashes.map((_hash, i) => hashes.toSpliced(i, 1)),
      [...hashes, ...hashes],
      [],
    ];
    for (const other of wrong) {
      const proofs = [{ from: 100, hashes: other }];
      expect(judge({ ...shown, proofs }, seen).kind).toBe("fork");
    }
  });

  test("smaller is a rollback, another root of the same size a fork", () => {
    const seen = seenOf(log);
    expect(judge(shows(log.copy(99)), seen)).toMatchObject({ kind: "rollback", size: 99 });
    const forked = log.copy(60).append(40, "forged");
    expect(judge(shows(forked), seen)).toMatchObject({ kind: "fork", note: forked.checkpoint() });
    const longer = log.copy(60).append(90, "forged");
    expect(judge(shows(longer, [100]), seen).kind).toBe("fork");
  });

  test("another log or key is told from a log that nobody signed", () => {
    const seen = seenOf(log);
    const other = new TreeLog(log.origin).append(100);
    expect(judge(shows(other), seen).kind).toBe("key");
    const wrong = { ...shows(log), checkpoint: other.checkpoint() };
    expect(judge(wrong, seen)).toEqual({ kind: "unsigned" });
    expect(judge({ ...shows(log), vkey: "no key" }, seen)).toEqual({ kind: "unsigned" });
    const renamed = new TreeLog("dsecos.org/audit/node3/00000001", { log, size: 100 });
    expect(judge({ ...shows(log), checkpoint: renamed.checkpoint() }, seen).kind).toBe("unsigned");
  });

  test("an empty log needs no proof", () => {
    const empty = new TreeLog(log.origin);
    const seen = seenOf(empty);
    expect(judge(shows(empty.append(3)), seen).kind).toBe("continues");
  });
});

const member = (change: Partial<Member> = {}): Member => ({
  ...{
    name: "node2",
    address: "10.0.0.2:8443",
    state: "online",
    facts: "",
    log: "",
    drill: "",
    seen: "",
  },
  ...change,
});
const time = (seconds: number) => ({
  wall: 1_800_000_000_000 + seconds * 1000,
  monotonic: seconds * 1000,
});
const nobody = () => undefined;

describe("a peer", () => {
  let peer: Peer;
  let seen: Seen | undefined;
  let clock: number;
  let sequence: number;
  beforeEach(() => {
    peer = new Peer(member());
    seen = undefined;
    clock = 0;
    sequence = 0;
  });

  /** What node2 shows 25 s later. */
  function publish(shown: PublishedLog | string, saidAt = clock + 25): void {
    clock += 25;
    sequence += 1;
    const facts = JSON.stringify({
      ...someFacts,
      sequence,
      at: new Date(time(saidAt).wall).toISOString(),
    });
    const text = typeof shown === "string" ? shown : JSON.stringify({ ...shown, sequence });
    const before = clock === 25 ? undefined : time(clock - 25);
    seen = peer.take(member({ facts, log: text }), time(clock), before, seen, nobody) ?? seen;
  }
  const row = (later = 0) => rowOf(peer, seen?.size ?? 0, (clock + later) * 1000, 35_000);

  test("that does not show that it goes on is red after two intervals, and green once it does", () => {
    publish(shows(log));
    expect(row()).toMatchObject({ verdict: "good", log: { state: "witnessed", seen: 100 } });
    log.append(9);
    publish(shows(log, [50]));
    expect(row()).toMatchObject({ verdict: "warning", log: { state: "unproven", size: 109 } });
    publish(shows(log.append(1), [50]));
    expect(row().log.state).toBe("unproven");
    publish(shows(log.append(1), [50]));
    expect(row()).toMatchObject({ verdict: "bad", log: { state: "fork", seen: 100 } });
    publish(shows(log.append(1), [50]));
    expect(row().log.state).toBe("fork");
    publish(shows(log.append(1), [100]));
    expect(row()).toMatchObject({ verdict: "good", log: { state: "witnessed", seen: 113 } });
  });

  test("is silent 35 s after its last word, and never good then", () => {
    publish(shows(log));
    expect(row(34)).toMatchObject({ state: "fresh", verdict: "good", ageSeconds: 34, found: [] });
    expect(row(36)).toMatchObject({ state: "silent", verdict: "unknown", ageSeconds: 36 });
    const facts = JSON.stringify(someFacts);
    expect(row(36).facts).toMatchObject({ versions: someFacts.versions });
    // The same text again is no word of it.
    peer.take(
      member({ facts: JSON.stringify({ ...JSON.parse(facts), sequence: 1, at: row().facts?.at }) }),
      time(clock + 36),
      time(clock),
      seen,
      nobody,
    );
    expect(row(36).state).toBe("silent");
  });

  test("whose log is tampered with is bad even where it is silent", () => {
    publish(shows(log));
    publish(shows(log.copy(10)));
    expect(row(100)).toMatchObject({ state: "silent", verdict: "bad", log: { state: "rollback" } });
    expect(row(100).text).toContain("has fewer events than it had");
    const found = row(100).found.map(({ about, verdict }) => `${about} ${verdict}`);
    expect(found).toEqual(["presence unknown", "log bad"]);
  });

  test("cannot make anything but a state of what it writes", () => {
    publish(shows(log));
    for (const [text, state] of [
      ["{", "unreadable"],
      [`"${"x".repeat(maximumLog)}"`, "unreadable"],
      [JSON.stringify({ ...shows(log), proofs: [{ from: 1, hashes: ["<b>"] }] }), "unreadable"],
      [JSON.stringify({ ...shows(log), seen: { "../x": 1 } }), "unreadable"],
      [JSON.stringify({ ...shows(log), checkpoint: "<script>" }), "unsigned"],
      ["", "none"],
    ] as const) {
      publish(text);
      expect(row().log).toMatchObject({ state, seen: 100 });
      expect(row().text).not.toMatch(/script|<b>|\.\.\//);
      expect(row().verdict).not.toBe("good");
    }
    peer.take(member({ facts: "{}" }), time(clock), time(clock - 25), seen, nobody);
    expect(row()).toMatchObject({ state: "unreadable", verdict: "bad", facts: null });
    expect(row().text).toMatch(/^The facts of node2 are unreadable\. /);
  });

  test("cannot show the log of another node as its own", () => {
    const owner = (vkey: string) => (vkey === log.vkey ? "node3" : undefined);
    const text = JSON.stringify(shows(log));
    expect(peer.take(member({ log: text }), time(1), undefined, undefined, owner)).toBeUndefined();
    expect(peer.log.state).toBe("key");
  });

  test("whose clock is off is told apart from one that is late", () => {
    publish(shows(log));
    publish(shows(log), clock + 25 + 3600);
    expect(row()).toMatchObject({ verdict: "warning", ageSeconds: 0, clockOffSeconds: 3600 });
    expect(row().text).toBe(
      "The clock of node2 is 3600 s ahead of this node's; set the wrong one.",
    );
    publish(shows(log), clock - 600);
    expect(row()).toMatchObject({ ageSeconds: 25, clockOffSeconds: -600 });
    expect(row().text).toContain("600 s behind");
  });
});

describe("when somebody was heard of", () => {
  test("is what the writer says within two readings, and no more than their distance off", () => {
    expect(heard(time(8).wall, time(10), time(0))).toEqual({ at: 8000, offMs: 0 });
    expect(heard(time(-50).wall, time(10), time(0))).toEqual({ at: 0, offMs: -50_000 });
    expect(heard(time(99).wall, time(10), time(0))).toEqual({ at: 10_000, offMs: 89_000 });
  });

  test("at the first reading is what the writer says, but never later than now", () => {
    expect(heard(time(-500).wall, time(10), undefined)).toEqual({ at: -500_000, offMs: 0 });
    expect(heard(time(99).wall, time(10), undefined)).toEqual({ at: 10_000, offMs: 89_000 });
  });

  test("does not depend on a step of this node's own clock", () => {
    const after = { wall: time(10).wall + 3_600_000, monotonic: 10_000 };
    expect(heard(time(8).wall, after, time(0))).toMatchObject({ at: 0 });
  });
});

describe("the memory", () => {
  const journal: string[] = [];
  const entries = (audit: RecordingAudit) =>
    audit.entries.filter(({ action }) => action === witnessedAction).reverse() as AuditEntry[];
  let now: number;
  let audit: RecordingAudit;
  const start = () =>
    new Memory({ audit, log: (_level, text) => journal.push(text), now: () => now });
  beforeEach(() => {
    audit = new RecordingAudit();
    now = 0;
    journal.length = 0;
  });

  test("is on record at once for a new log, then every ten minutes and at the end", async () => {
    const memory = start();
    memory.set("node2", seenOf(log));
    await memory.record();
    expect(audit.entries).toHaveLength(1);
    memory.set("node2", seenOf(log.append(1)));
    await memory.record();
    expect(audit.entries).toHaveLength(1);
    now += 10 * 60_000;
    await memory.record();
    await memory.record();
    expect(audit.entries).toHaveLength(2);
    memory.set("node2", seenOf(log.append(1)));
    await memory.record(true);
    const next = start();
    next.restore(entries(audit));
    expect(next.get("node2")).toEqual(seenOf(log));
  });

  test("of a whole cluster fits into what one event may have, and comes back", async () => {
    const memory = start();
    const logs = Array.from({ length: 64 }, (_, i) => {
      const name = `node-with-a-long-name-${i}.region.example`;
      return [name, seenOf(new TreeLog(`dsecos.org/audit/${name}/00000001`).append(3))] as const;
    });
    for (const [name, seen] of logs) memory.set(name, seen);
    await memory.record();
    for (const { details } of audit.entries) {
      expect(Buffer.byteLength(JSON.stringify(details))).toBeLessThan(16 * 1024);
    }
    const next = start();
    next.restore(entries(audit));
    expect(new Map(next.entries())).toEqual(new Map(logs));
  });

  test("takes nothing from the record that its key did not sign", () => {
    const memory = start();
    const other = new TreeLog(log.origin).append(5);
    const forged = {
      node2: { vkey: log.vkey, checkpoint: other.checkpoint() },
      node3: { vkey: 1 },
    };
    memory.restore([
      { details: { logs: forged } } as unknown as AuditEntry,
      { details: {} } as AuditEntry,
    ]);
    expect([...memory.entries()]).toEqual([]);
  });

  test("keeps what could not be written, and says so", async () => {
    const memory = start();
    memory.set("node2", seenOf(log));
    audit.failure = new Error("full");
    await memory.record();
    expect(journal).toEqual(["what was seen of other nodes' logs is not on record"]);
    audit.failure = undefined;
    await memory.record(true);
    expect(audit.entries).toHaveLength(1);
  });
});

describe("what this node publishes of its log", () => {
  test("leads from the sizes that it published last, and from those that others hold", async () => {
    const own = ownLogOf(() => log);
    for (let i = 0; i < 5; i++) {
      await own.make([], []);
      log.append(10);
    }
    const published = await own.make([20, 20, 30, 0, 9999], []);
    expect(published?.proofs.map(({ from }) => from)).toEqual([140, 130, 120, 20, 30]);
    for (const { from } of published?.proofs ?? []) {
      expect(judge(published as PublishedLog, seenOf(log.copy(from))).kind).toBe("continues");
    }
  });

  test("goes on after a restart from what it published before", async () => {
    const before = await ownLogOf(() => log).make([], []);
    const size = log.size;
    log.append(10);
    const own = ownLogOf(() => log);
    own.takeUp(JSON.stringify(before), log.vkey);
    expect((await own.make([], []))?.proofs.map(({ from }) => from)).toEqual([size]);
    const other = ownLogOf(() => log);
    other.takeUp(JSON.stringify({ ...before, vkey: new TreeLog(log.origin).vkey }), log.vkey);
    expect((await other.make([], []))?.proofs).toEqual([]);
  });

  test("stays bounded with 64 nodes and a log of millions, and each gets its turn to be signed", async () => {
    const said: string[] = [];
    const own = ownLogOf(() => log, said);
    const logs = Array.from({ length: 63 }, (_, i) => {
      const name = `node${String(i).padStart(2, "0")}`;
      return [name, seenOf(new TreeLog(`dsecos.org/audit/${name}/00000001`).append(3))] as const;
    });
    const signed = new Set<string>();
    for (let i = 0; i < 8; i++) {
      const made = await own.make(
        [1, 2, 3, 4, 5, 6, 7, 8, 9],
        logs.map(([name, seen]) => [name, seen]),
      );
      expect(JSON.stringify(made).length).toBeLessThan(maximumLog);
      for (const { node } of made?.cosigned ?? []) signed.add(node);
    }
    expect(signed.size).toBe(63);
    expect(said).toEqual([]);
  });

  test("is heard of others only where their key signed it, and tells what does not fit", async () => {
    const theirs = new TreeLog("dsecos.org/audit/node1/00000001").append(4);
    const witness = ownLogOf(() => theirs);
    const own = ownLogOf(() => log);
    await own.make([], []);
    const made = await witness.make([], [["node2", seenOf(log)]]);
    const [cosigned] = made?.cosigned ?? [];
    if (cosigned === undefined) throw new Error("nothing was signed");
    const all = new Set(["node1"]);
    own.hear("node1", cosigned, log.vkey);
    own.hear("node1", { ...cosigned, size: 101 }, theirs.vkey);
    expect(own.cosigned(all).size).toBe(0);
    own.hear("node1", cosigned, theirs.vkey);
    expect(own.cosigned(all).get("node1")).toMatchObject({ size: 100, fits: true });
    const forked = log.copy(50).append(50, "forged");
    const [other] = (await witness.make([], [["node2", seenOf(forked)]]))?.cosigned ?? [];
    own.hear("node1", other ?? cosigned, theirs.vkey);
    expect(own.cosigned(all).get("node1")).toMatchObject({ size: 100, fits: false });
    expect(own.cosigned(new Set()).size).toBe(0);
  });
});

test("only names that Incus gives to members are names", () => {
  for (const name of ["node1", "a", "n-1.example.org"]) expect(isMemberName(name)).toBe(true);
  for (const name of [
    "",
    "-a",
    "a-",
    "a b",
    "../x",
    "<b>",
    "a\n",
    "é",
    "x".repeat(64),
    "__proto__",
  ]) {
    expect(isMemberName(name)).toBe(false);
  }
});
