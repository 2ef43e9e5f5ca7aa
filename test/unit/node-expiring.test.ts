/** What ends soon: each source's own words for it, and one list in which none can spoil the others'. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import type { Call } from "../../agent/bus/call.ts";
import { commandsOf } from "../../agent/bus/derive/commands.ts";
import { DsecosError } from "../../agent/bus/errors.ts";
import { parseCall } from "../../agent/cli/parse.ts";
import { contracts } from "../../agent/contracts.ts";
import type { KeyRecord } from "../../agent/hsm/keys/record.ts";
import {
  type Ending,
  endingKinds,
  endingSources,
  expiringSchema,
} from "../../agent/node/expiring/answers.ts";
import { flagEnding, tenantEnding, volumeEnding } from "../../agent/node/expiring/deletions.ts";
import { ceremonyEnding, certificateEnding, keyEnding } from "../../agent/node/expiring/keys.ts";
import { createExpiring } from "../../agent/node/expiring/service.ts";
import {
  clusterCertificateEnding,
  firewallEnding,
  invitationEnding,
  policyEnding,
  requestEnding,
} from "../../agent/node/expiring/trials.ts";
import type { Source } from "../../agent/node/expiring/types.ts";
import { keyRecord } from "../lib/hsm-records.ts";
import { removeTree } from "../lib/remove-tree.js";

const now = Date.parse("2026-11-23T12:00:00.000Z");
const dayMs = 86_400_000;
const inDays = (days: number) => new Date(now + days * dayMs).toISOString();
const call = { caller: { user: "carol" } } as Call;

const ending = (name: string, days: number): Ending => ({
  ...{ endsAt: inDays(days), kind: "keyEnd", name, tenant: "defense", subsystem: "hsm" },
  ...{ what: "It ends.", remedy: "Do something.", command: "dsecos hsm keys" },
});
const source = (name: Source["source"], ask: Source["ask"]): Source => ({
  ...{ source: name, action: `org.dsecos.test.${name}`, ask },
});
const having = (name: Source["source"], ...rows: Ending[]) =>
  source(name, async () => ({ rows, missing: [] }));

function listOf(sources: Source[], denied: string[] = []) {
  const said: string[] = [];
  const list = createExpiring({
    ...{ sources, now: () => now, patienceMs: 20 },
    log: (level, message) => said.push(`${level}: ${message}`),
    allows: async (_caller, action) => !denied.includes(action),
  });
  return { said, list: () => list(call) };
}

describe("the list", () => {
  test("has the soonest first, what is over already too, and nothing of later than 90 days", async () => {
    const { list } = listOf([
      having("keys", ending("late", 89), ending("never", 91), ending("over", -3)),
      having("volumes", ending("soon", 1)),
    ]);
    const told = await list();
    expect(told.rows.map(({ name }) => name)).toEqual(["over", "soon", "late"]);
    expect(told).toMatchObject({ total: 3, days: 90, missing: [] });
    expect(v.safeParse(expiringSchema, told).issues).toBeUndefined();
  });

  test("says which source failed, and has what the others know", async () => {
    const { list, said } = listOf([
      having("keys", ending("documents", 3)),
      source("volumes", () => Promise.reject(new DsecosError("Unavailable", "Start Incus."))),
      source("flags", () => new Promise(() => {})),
      source("certificates", () => Promise.reject(new Error("a secret of the machine"))),
      source("tenants", async () => ({ rows: [ending("acme", 2)], missing: ["One is not read."] })),
    ]);
    const { rows, missing } = await list();
    expect(rows.map(({ name }) => name)).toEqual(["acme", "documents"]);
    expect(missing).toEqual([
      { source: "volumes", state: "failed", text: "Start Incus." },
      { source: "flags", state: "failed", text: expect.stringMatching(/does not answer just now/) },
      { source: "certificates", state: "failed", text: expect.stringMatching(/the journal/) },
      { source: "tenants", state: "failed", text: "One is not read." },
    ]);
    expect(said).toEqual(["error: what ends could not be told"]);
  });

  test("is no way to see what one may not see where it is at home", async () => {
    const asked = vi.fn(async () => ({ rows: [ending("secret", 1)], missing: [] }));
    const denied = ["org.dsecos.test.keys"];
    const { list } = listOf([source("keys", asked), having("volumes", ending("data", 2))], denied);
    const { rows, missing } = await list();
    expect(rows.map(({ name }) => name)).toEqual(["data"]);
    expect(missing).toMatchObject([{ source: "keys", state: "denied" }]);
    expect(asked).not.toHaveBeenCalled();
  });

  test("is bounded, and says how many there are", async () => {
    const many = Array.from({ length: 250 }, (_unused, index) =>
      ending(`key-${index}`, 1 + index / 10),
    );
    const { rows, total } = await listOf([having("keys", ...many)]).list();
    expect([rows.length, total]).toEqual([200, 250]);
    expect(rows.at(-1)?.name).toBe("key-199");
  });
});

describe("a key", () => {
  const ends = (changes: Partial<KeyRecord>) =>
    keyEnding(keyRecord(changes)).map(({ kind, endsAt }) => [kind, endsAt]);

  test("ends and rotates while it is in use", () => {
    const [expireAt, rotateAt] = [inDays(20), inDays(10)];
    expect(ends({ expireAt, rotateAt })).toEqual([
      ["keyEnd", expireAt],
      ["keyRotation", rotateAt],
    ]);
    expect(ends({ expireAt, rotateAt, state: "suspended" })).toEqual([["keyEnd", expireAt]]);
    expect(ends({ expireAt, rotateAt, state: "deactivated" })).toEqual([]);
    expect(ends({})).toEqual([]);
  });

  test("that is to be destroyed does nothing else before", () => {
    const destroyAt = inDays(7);
    const waits = { destroyAt, stateBefore: "active" as const, rotateAt: inDays(1) };
    expect(ends(waits)).toEqual([["keyDestruction", destroyAt]]);
    expect(ends({ ...waits, state: "destroyed" })).toEqual([]);
  });
});

/** With a certificate of openssl's, that ends in 40 days. */
function clusterPem(): string {
  const directory = mkdtempSync(join(tmpdir(), "dsecos-expiring-"));
  onTestFinished(() => removeTree(directory));
  const [key, pem] = [join(directory, "key.pem"), join(directory, "cluster.pem")];
  const made = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "40", "-subj", "/CN=cluster"];
  execFileSync("openssl", ["req", ...made, "-keyout", key, "-out", pem], { stdio: "pipe" });
  return readFileSync(pem, "utf8");
}

const policy = "0".repeat(64);
const at = inDays(1);
const asked = { tenant: "defense", serial: "4".repeat(32), endsAt: now };
const request = {
  ...{ member: "tenants.Delete", object: "defense", tenant: "defense", requester: "carol" },
  ...{ state: "pending", expiresAt: at },
};
const volume = { name: "files", tenant: "defense", deleteAt: at };
const everything = () => [
  ...keyEnding(keyRecord({ expireAt: at, rotateAt: at })),
  ...keyEnding(keyRecord({ destroyAt: at })),
  certificateEnding({ kind: "authority", name: "defense", ...asked }),
  certificateEnding({ kind: "certificate", name: "jane", ...asked }),
  certificateEnding({ kind: "revocationList", name: "defense", ...asked }),
  ...ceremonyEnding({
    ...{ id: "0".repeat(16), title: "Root key", state: "running", expiresAt: at },
  } as Parameters<typeof ceremonyEnding>[0]),
  ...requestEnding(request as Parameters<typeof requestEnding>[0]),
  invitationEnding({ node: "node2", endsAt: at }),
  ...clusterCertificateEnding(clusterPem()),
  ...firewallEnding({ trial: { policy, by: "carol", until: at } } as never),
  ...policyEnding({ origin: "pending", policy, confirmUntil: at, by: "carol" }),
  ...tenantEnding("defense", { state: "deleting", deleteAt: at }),
  ...volumeEnding(volume as Parameters<typeof volumeEnding>[0]),
  ...flagEnding({ flag: "noout", means: "None is given up.", until: at } as never),
];

test("every kind is told in sentences, with a command that the command line takes", () => {
  const told = everything();
  expect(new Set(told.map(({ kind }) => kind))).toEqual(new Set(endingKinds));
  const commands = commandsOf(contracts);
  for (const { kind, what, remedy, command } of told) {
    for (const sentence of [what, remedy]) expect(sentence, kind).toMatch(/^[A-Z].*\.$/);
    const [program, subsystem, verb, ...words] = command.match(/'[^']*'|\S+/g) ?? [];
    if (program === "incus") continue;
    const found = commands.find((one) => one.subsystem === subsystem && one.verb === verb);
    expect(found, command).toBeDefined();
    const inputs = words.map((word) => word.replaceAll("'", ""));
    if (found) expect(() => parseCall(found, inputs), command).not.toThrow();
  }
});

test("what waits for nobody and ends by itself unseen is not told", () => {
  expect(requestEnding({ ...request, state: "rejected" } as never)).toEqual([]);
  expect(policyEnding({ origin: "signed", policy, confirmUntil: "", by: "" })).toEqual([]);
  expect(firewallEnding({ trial: null } as never)).toEqual([]);
  expect(clusterCertificateEnding(undefined)).toEqual([]);
  expect(tenantEnding("defense", { state: "active" })).toEqual([]);
  expect(volumeEnding({ ...volume, deleteAt: undefined } as never)).toEqual([]);
  expect(flagEnding({ flag: "noout", until: null } as never)).toEqual([]);
});

describe("on the page", () => {
  let words: typeof import("../../plugins/overview/expiring/words.ts");
  beforeAll(async () => {
    vi.stubGlobal("cockpit", {
      gettext: (text: string) => text,
      ngettext: (one: string, many: string, count: number) => (count === 1 ? one : many),
      language: "en",
    });
    words = await import("../../plugins/overview/expiring/words.ts");
  });

  test("nobody reads that nothing ends where something could not be read", () => {
    const expiring = { at, days: 90, total: 0, rows: [], missing: [] };
    expect(words.summary(expiring)).toBe("Nothing ends in the next 90 days.");
    const missing = [{ source: "keys" as const, state: "failed" as const, text: "It is gone." }];
    expect(words.summary({ ...expiring, missing })).toMatch(/^Of what could be read, nothing/);
    expect(words.summary({ ...expiring, total: 1, rows: [ending("documents", 1)] })).toBe("");
  });

  test("each kind has a name, and a source that fails names all that is missing by it once", () => {
    expect(new Set(endingKinds.map((kind) => words.kindName(kind))).size).toBe(endingKinds.length);
    const text = "Incus does not run.";
    const missing = endingSources.map((one) => ({ source: one, state: "failed" as const, text }));
    expect(words.missingLines(missing)).toEqual([
      { sources: endingSources.map((one) => words.sourceName(one)).join(", "), text },
    ]);
  });

  test("a request leads to the page on which it was made, where that is another", () => {
    const of = (subsystem: string) =>
      words.wayTo({ ...ending("x", 1), kind: "request", subsystem })?.page;
    const pages = ["hsm", "ceph", "selinux"];
    expect([...pages, "tenants", "node"].map(of)).toEqual([...pages, undefined, undefined]);
    expect(words.wayTo(ending("documents", 1))).toEqual({ page: "hsm", at: "keys?text=documents" });
  });

  test("what is over or ends within a day stands out, and less what ends within a week", () => {
    const near = (days: number) => words.nearness(inDays(days), now);
    expect([-1, 0.9, 6, 8].map(near)).toEqual(["red", "red", "orange", "grey"]);
  });
});
