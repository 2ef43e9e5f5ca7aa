import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import * as v from "valibot";
import { afterEach, describe, expect, it } from "vitest";
import type { AuditEntry } from "../../agent/audit/contract.ts";
import { readConfig } from "../../agent/config.ts";
import { AirGap, hourMs } from "../../agent/node/firewall/airgap.ts";
import { firewallSchema } from "../../agent/node/firewall/declared.ts";
import { derivedWays } from "../../agent/node/firewall/derived.ts";
import { rulesIn } from "../../agent/node/firewall/kept.ts";
import { reachOf } from "../../agent/node/firewall/listeners.ts";
import type { Loaded, Nft } from "../../agent/node/firewall/nft.ts";
import { policyOf } from "../../agent/node/firewall/policy.ts";
import { socketsIn, unitsIn } from "../../agent/node/firewall/sockets.ts";
import { difference, judge } from "../../agent/node/firewall/status.ts";
import { FirewallTrials } from "../../agent/node/firewall/trial.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";

const rules = pathToFileURL(resolve(import.meta.dirname, "../../policies/nftables/dsecos.nft"));
const declare = (firewall: object) => v.parse(firewallSchema, firewall);
const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});
function directory(): string {
  const made = mkdtempSync(join(tmpdir(), "dsecos-firewall-"));
  directories.push(made);
  return made;
}

describe("what is declared", () => {
  it("lets everybody come to SSH and HTTPS, and nothing leave, where nothing is said", async () => {
    const { text } = await policyOf(declare({}), [], rules);
    expect(text).toContain("add element inet dsecos administrators4 { 0.0.0.0/0 }");
    expect(text).not.toContain("add rule inet dsecos");
    expect(text).not.toContain("flush");
    expect(readConfig(undefined).firewall).toBeUndefined();
  });

  it("becomes a counter and a rule for each way, once", async () => {
    const dns = { name: "dns", to: "2001:db8::53", protocol: "udp" as const, port: 53 };
    const twice = { ...dns, to: "192.0.2.9", tenants: false };
    const { text } = await policyOf(declare({ ways: [dns] }), [twice], rules);
    expect(text).toContain("ways ip6 daddr 2001:db8::53 udp dport 53 counter name way_dns accept");
    expect(text).not.toContain("192.0.2.9");
  });

  it.each([
    [{ members: ["10.1.0.7/16"] }],
    [{ members: ["node7"] }],
    [{ memberPorts: ["7568-6800"] }],
    [{ memberPorts: ["70000"] }],
    [{ tenantBridges: ["br0; accept"] }],
    [{ ways: [{ name: "x } accept", to: "10.0.0.1", protocol: "tcp", port: 1 }] }],
  ])("refuses %j, of which nothing gets into the rules", (firewall) => {
    expect(v.safeParse(firewallSchema, firewall).success).toBe(false);
  });

  it("takes ways from the rest of the configuration where they are addresses", () => {
    const ways = derivedWays({
      witnesses: [{ url: "https://198.51.100.4/w" }, { url: "https://witness.example" }],
      offload: { s3: { endpoint: "http://[2001:db8::7]:7480" } },
      elasticsearch: { url: "http://127.0.0.1:9200" },
      syslog: { address: "192.0.2.5:6514" },
    });
    expect(ways.map(({ name, to, port }) => [name, to, port])).toEqual([
      ["witness-1", "198.51.100.4", 443],
      ["offload", "2001:db8::7", 7480],
      ["syslog", "192.0.2.5", 6514],
    ]);
  });
});

describe("the state", () => {
  const declared = { policy: "a".repeat(64), text: "one\ntwo" };
  const by = { user: "otto", uid: 1 };
  const confirmed = { ...declared, listing: "one\ntwo", by, at: "2026-01-31T12:00:00.000Z" };
  const loaded: Loaded = { handle: 1, listing: "one\ntwo", counters: [] };
  const found = { declared, confirmed, pending: undefined, loaded, others: [] };

  it.each([
    ["loaded", {}],
    ["undeclared", { declared: undefined }],
    ["off", { loaded: undefined }],
    ["unknown", { loaded: "nft refused: for a reason" }],
    ["drift", { confirmed: undefined }],
    ["drift", { loaded: { ...loaded, listing: "one\nthree" } }],
    ["drift", { loaded: { ...loaded, listing: "two\none" } }],
    ["drift", { declared: { policy: "b".repeat(64), text: "one" } }],
  ])("is %s for %j", (state, change) => {
    expect(judge({ ...found, ...change }).state).toBe(state);
  });

  it("names lines as often as they differ", () => {
    expect(difference("a\nb\nb", "\tb\na\na")).toEqual([
      { change: "added", text: "a" },
      { change: "missing", text: "b" },
    ]);
  });
});

describe("listeners", () => {
  const line = (local: string, state: string) =>
    `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 4711 1`;

  it("are read with their addresses", () => {
    const text = [
      line("0100007F:0016", "0A"),
      line("00000000:01BB", "01"),
      line("00000000000000000000000001000000:01BB", "0A"),
    ].join("\n");
    const found = socketsIn(text, "tcp").map(({ address, port }) => `${address} ${port}`);
    expect(found).toEqual(["127.0.0.1 22", "::1 443"]);
    expect(socketsIn(line("B80D0120000000000000000001000000:0035", "07"), "udp")).toEqual([
      { protocol: "udp", address: "2001:db8::1", port: 53, inode: "4711" },
    ]);
  });

  it("are known by their unit where the process cannot be seen", () => {
    const out =
      "tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* ino:4711 sk:1 cgroup:/system.slice/ssh.service <->";
    expect(unitsIn(out)).toEqual([["4711", "ssh.service"]]);
  });

  const declared = declare({ members: ["10.1.0.2"] });
  const restricted = declare({ members: ["10.1.0.2"], administrators: ["10.0.0.0/8"] });
  it.each([
    ["loopback", "127.0.0.1", "tcp", 9090, declared],
    ["loopback", "::ffff:127.0.0.1", "tcp", 9090, declared],
    ["open", "0.0.0.0", "tcp", 9090, undefined],
    ["unknown", "0.0.0.0", "tcp", 22, "unknown"],
    ["open", "::", "tcp", 443, declared],
    ["administrators", "::", "tcp", 443, restricted],
    ["members", "::", "tcp", 6801, declared],
    ["blocked", "::", "udp", 6801, declared],
    ["tenants", "::", "udp", 53, declared],
    ["blocked", "::", "tcp", 9090, declared],
  ] as const)("%s: %s %s %i", (reach, address, protocol, port, known) => {
    expect(reachOf({ address, protocol, port }, known)).toBe(reach);
  });
});

/** A fake of the kernel: the table as it was loaded last. */
class FakeNft implements Nft {
  table: Loaded | undefined;
  refuses: Error | undefined;
  #handle = 0;

  async load(text: string): Promise<void> {
    if (this.refuses !== undefined) throw this.refuses;
    this.#handle += 1;
    const listing = text.replace("table inet dsecos\ndelete table inet dsecos\n", "");
    this.table = listing === "" ? undefined : { handle: this.#handle, listing, counters: [] };
  }
  read = async () => this.table;
  others = async () => [];
}

describe("a trial", () => {
  const policy = { policy: "a".repeat(64), text: "new" };
  const by = { user: "otto", uid: 1 };

  function bed(at = directory()) {
    const [nft, kept, audit] = [new FakeNft(), rulesIn(at), new RecordingAudit()];
    const log: string[] = [];
    const parts = { nft, kept, audit, log: (_l: string, text: string) => void log.push(text) };
    const trials = new FirewallTrials({ ...parts, replacing: async () => {} });
    return { nft, kept, audit, trials, log, at };
  }

  it("leaves everything as it was where the kernel refuses", async () => {
    const { nft, kept, trials } = bed();
    nft.refuses = new Error("no");
    await expect(trials.begin(policy, by, 60)).rejects.toThrow("no");
    expect(await kept.pending()).toBeUndefined();
    expect(trials.pending).toBeUndefined();
  });

  it("keeps rules for the next start only when they are confirmed, by who loaded them", async () => {
    const { kept, trials } = bed();
    await trials.begin(policy, by, 60);
    await expect(trials.begin(policy, by, 60)).rejects.toThrow("wait until");
    await expect(trials.confirm(policy.policy, { user: "eve", uid: 2 })).rejects.toThrow("otto");
    await expect(trials.confirm("b".repeat(64), by)).rejects.toThrow("No load of");
    expect(await kept.confirmed()).toBeUndefined();
    await trials.confirm(policy.policy, by);
    expect(await kept.confirmed()).toMatchObject({ text: "new", listing: "new", by });
    expect(await kept.pending()).toBeUndefined();
    trials.stop();
  });

  it.each(["loading", "loaded", "confirming"] as const)(
    "is ended by the next agent when one was killed while %s",
    async (stage) => {
      const first = bed();
      await first.nft.load("old");
      const pending = await first.trials.begin(policy, by, 0);
      first.trials.stop();
      await first.kept.wait({ ...pending, stage });
      const next = bed(first.at);
      next.nft.table = first.nft.table;
      await next.trials.start();
      await expect.poll(() => next.trials.pending).toBeUndefined();
      const isKept = stage === "confirming";
      expect(next.nft.table?.listing).toBe(isKept ? "new" : "old");
      expect((await next.kept.confirmed())?.text).toBe(isKept ? "new" : undefined);
      expect(next.audit.entries.map(({ action }) => action)).toEqual(
        isKept ? [] : ["node.FirewallRolledBack"],
      );
    },
  );

  it("of a start of the machine that is over has nothing to put back", async () => {
    const first = bed();
    const pending = await first.trials.begin(policy, by, 900);
    first.trials.stop();
    await first.kept.wait({ ...pending, boot: "another" });
    const next = bed(first.at);
    await next.nft.load("as confirmed");
    await next.trials.start();
    expect(next.nft.table?.listing).toBe("as confirmed");
    expect(next.audit.entries[0]?.error).toContain("started anew");
  });
});

describe("the air-gap statement", () => {
  const meanings = { way_dns: "left to dns", out_refused: "refused", out_tenants: "to tenants" };
  const table = (
    handle: number,
    counts: Partial<Record<keyof typeof meanings, number>>,
  ): Loaded => ({
    ...{ handle, listing: "" },
    counters: Object.entries(counts).map(([name, n]) => ({
      ...{ name, meaning: meanings[name as keyof typeof meanings] },
      ...{ packets: BigInt(n), bytes: 0n },
    })),
  });

  function bed(last?: AuditEntry) {
    const audit = new RecordingAudit();
    const now = {
      at: Date.parse("2026-01-31T12:00:00.000Z"),
      loaded: undefined as Loaded | undefined,
    };
    const gap = new AirGap({
      ...{ audit, log: () => {}, doubt: async () => "", boot: async () => "boot" },
      ...{ read: async () => now.loaded, last: async () => last, now: () => now.at },
    });
    return { audit, now, gap };
  }

  it("is whole from one statement to the next of the same rules", async () => {
    const { audit, now, gap } = bed();
    now.loaded = table(1, { way_dns: 5, out_refused: 1, out_tenants: 7 });
    await gap.start();
    gap.stop();
    await gap.file();
    expect(audit.entries[0]?.details).toMatchObject({ whole: false, left: { way_dns: "5" } });
    now.at += hourMs;
    now.loaded = table(1, { way_dns: 8, out_refused: 1, out_tenants: 9 });
    await gap.file();
    expect(audit.entries[1]?.details).toMatchObject({
      ...{ from: "2026-01-31T12:00:00.000Z", to: "2026-01-31T13:00:00.000Z", whole: true },
      ...{ gaps: [], left: { way_dns: "3" }, refused: "0" },
      text: "No packet left this node except: 3 left to dns. 0 were refused.",
    });
    // Another agent goes on there: the kernel counted while none ran.
    const next = bed(audit.entries[1]);
    next.now.at = now.at + 60_000;
    next.now.loaded = table(1, { way_dns: 9, out_refused: 3, out_tenants: 9 });
    await next.gap.start();
    next.gap.stop();
    expect(await next.gap.now()).toMatchObject({
      ...{ from: "2026-01-31T13:00:00.000Z", whole: true, left: { way_dns: "1" }, refused: "2" },
    });
  });

  it.each([
    ["loaded anew", table(2, { way_dns: 9 }), "9"],
    ["reset", table(1, { way_dns: 2 }), "2"],
    ["No rules of ours", undefined, undefined],
  ])("says that counters were %s", async (gapText, loaded, left) => {
    const { now, gap } = bed();
    now.loaded = table(1, { way_dns: 5 });
    await gap.start();
    gap.stop();
    await gap.file();
    now.loaded = loaded;
    const statement = await gap.now();
    expect(statement.whole).toBe(false);
    expect(statement.gaps.join()).toContain(gapText);
    expect(statement.left.way_dns).toBe(left);
  });
});
