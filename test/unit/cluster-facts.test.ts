import { expect, test } from "vitest";
import { maximumFacts, plain, readFacts } from "../../agent/cluster/facts/schema.ts";
import { lasting, summarize } from "../../agent/cluster/facts/summary.ts";
import { fakeSources, someFacts } from "../lib/cluster-facts.ts";

const trouble = (text: string) => {
  const read = readFacts(text);
  return "trouble" in read ? read.trouble : "";
};
const changed = (change: object) => trouble(JSON.stringify({ ...someFacts, ...change }));

test("what an agent writes is read as it was written, and what is beyond the schema is left out", () => {
  expect(readFacts(JSON.stringify({ ...someFacts, more: 1 }))).toEqual({ value: someFacts });
});

test.each([
  ["no JSON", "{", "not JSON"],
  ["an array", "[]", "bring both to one version"],
  ["null", "null", "not what an agent writes"],
  ["too much", JSON.stringify({ ...someFacts, more: "x".repeat(maximumFacts) }), "more than 4096"],
  ["too many bytes of few characters", `"${"€".repeat(1400)}"`, "more than 4096"],
  ["another format", JSON.stringify({ ...someFacts, format: 2 }), "bring both to one version"],
  ["deep nesting", "[".repeat(2000) + "]".repeat(2000), "bring both to one version"],
])("%s is told in a sentence that quotes nothing of it", (_name, text, sentence) => {
  expect(trouble(text)).toContain(sentence);
});

test.each([
  ["a control character", "a\u0007b"],
  ["a line end", "a\nb"],
  ["a change of direction", "a\u202eb"],
  ["a hidden character", "a\u200bb"],
  ["half a character", "a\ud800"],
  ["a line separator", "a\u2028b"],
  ["too long", "x".repeat(161)],
])("a text with %s is refused", (_name, text) => {
  const health = [{ subsystem: "node", state: "good", text }];
  expect(changed({ health })).toBe("“health.0.text” is not what an agent writes.");
});

test("markup is a text like any other, and keys of the prototype are no way in", () => {
  const script = "<script>alert(1)</script><img src=x onerror=alert(1)>";
  const health = [{ subsystem: "node", state: "bad", text: script }];
  const read = readFacts(
    `{"__proto__":{"polluted":1},${JSON.stringify({ ...someFacts, health }).slice(1)}`,
  );
  expect(read).toMatchObject({ value: { health } });
  expect(Object.prototype).not.toHaveProperty("polluted");
  expect("value" in read && "polluted" in read.value).toBe(false);
});

test.each([
  ["counts", { counts: { tenants: -1, events: 0, alarms: 0 } }],
  ["counts", { counts: { tenants: Number.POSITIVE_INFINITY, events: 0, alarms: 0 } }],
  ["counts", { counts: { tenants: 2 ** 53, events: 0, alarms: 0 } }],
  ["load", { load: { ...someFacts.load, cpu: 1.01 } }],
  ["at", { at: "tomorrow" }],
  ["sequence", { sequence: 0 }],
  ["policy", { policy: { ...someFacts.policy, sha256: "x" } }],
  ["flags", { flags: Array.from({ length: 25 }, () => someFacts.flags[0]) }],
  ["health", { health: "good" }],
])("a wrong value of %s is named by its place alone", (where, change) => {
  expect(changed(change)).toMatch(
    new RegExp(`^“${where}[a-z0-9.]*” is not what an agent writes.$`, "i"),
  );
});

const stamp = { sequence: 7, startedAt: 1_700_000_000_000, at: 1_700_000_100_000 };

test("a summary is what readers take, however long what subsystems say", async () => {
  const sources = fakeSources("node1", () => 10);
  const node = await sources.node();
  const assurance = Array.from({ length: 60 }, (_, i) => ({
    ...{ id: `check-${i}`, title: "\u202e€".repeat(90), verdict: "bad" as const },
    ...{ fact: "", remedy: "", command: "", checkedAt: node.at, why: "", how: [] },
  }));
  const down = { name: "hsm", ready: false, reason: "€".repeat(5000) };
  const facts = await summarize(
    {
      ...sources,
      node: async () => ({ ...node, assurance }),
      drivers: async () => [{ ...down, kind: "software", validated: "no" }],
      behind: () => Array.from({ length: 40 }, (_, i) => ({ name: "t".repeat(60) + i, things: i })),
      incus: () => ({ state: "stopped", version: "", remedy: "Incus\nis\u0000 gone.".repeat(50) }),
    },
    stamp,
  );
  const text = JSON.stringify(facts);
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maximumFacts);
  expect(readFacts(text)).toEqual({ value: facts });
  expect(facts.flags).toHaveLength(24);
  expect(facts.behind).toMatchObject({ total: 40, tenants: { length: 16, 0: { things: 39 } } });
  expect(facts.keys).toEqual({ drivers: 1, ready: 0, software: 1 });
  const states = Object.fromEntries(facts.health.map(({ subsystem, state }) => [subsystem, state]));
  expect(states).toEqual({ node: "bad", audit: "good", selinux: "good", hsm: "bad", incus: "bad" });
});

test("what could not be checked is unknown, and a refuted policy bad", async () => {
  const sources = fakeSources("node1", () => 10);
  const selinux = await sources.selinux();
  const of = async (change: Partial<typeof sources>, subsystem: string) =>
    (await summarize({ ...sources, ...change }, stamp)).health.find(
      (one) => one.subsystem === subsystem,
    )?.state;
  const proof = (state: "never" | "refuted") => async () => ({
    ...selinux,
    proof: { ...selinux.proof, state },
  });
  expect(await of({ selinux: proof("never") }, "selinux")).toBe("unknown");
  expect(await of({ selinux: proof("refuted") }, "selinux")).toBe("bad");
  expect(await of({ drivers: async () => [] }, "hsm")).toBe("unknown");
  const ceph = { state: "ready", since: "", reason: "", version: "18.2.7", fsid: "" } as const;
  const asked = (said: () => Promise<string>) => of({ ceph: () => ceph, cephHealth: said }, "ceph");
  expect(await asked(async () => "HEALTH_WARN")).toBe("warning");
  expect(await asked(() => Promise.reject(new Error("It did not answer.")))).toBe("unknown");
  expect(await of({}, "ceph")).toBeUndefined();
});

test("only what lasts counts as a change", async () => {
  const sources = fakeSources("node1", () => 10);
  const one = await summarize(sources, stamp);
  const later = await summarize(
    { ...sources, ...{ audit: fakeSources("node1", () => 99).audit } },
    { ...stamp, sequence: 8, at: stamp.at + 25_000 },
  );
  expect(lasting(later)).toBe(lasting(one));
  const more = await summarize({ ...sources, tenants: () => 4 }, stamp);
  expect(lasting(more)).not.toBe(lasting(one));
  const behind = await summarize({ ...sources, behind: () => [{ name: "a", things: 1 }] }, stamp);
  expect(lasting(behind)).not.toBe(lasting(one));
});

test("a text is cut between characters, and keeps none that hides another", () => {
  expect(plain("a\n\tb \u202e c", 20)).toBe("a b c");
  expect(plain("abcdef", 4)).toBe("abc…");
  expect(plain("ab😀cd", 4)).toBe("ab…");
  expect(plain("abc", 0)).toBe("");
});
