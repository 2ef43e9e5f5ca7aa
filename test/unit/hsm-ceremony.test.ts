/** Key ceremonies: two people for each step, in order, on record, to a record that openssl verifies. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Person } from "../../agent/approvals/quorum.ts";
import type { AuditEvent } from "../../agent/audit/types.ts";
import type { Call } from "../../agent/bus/call.ts";
import { DsecosError } from "../../agent/bus/errors.ts";
import type { CeremonyAct, ScriptDraft } from "../../agent/hsm/ceremony/acts.ts";
import type { Ceremony, CeremonyRecord } from "../../agent/hsm/ceremony/answers.ts";
import { scripts } from "../../agent/hsm/ceremony/scripts.ts";
import { type CeremonyService, createCeremonies } from "../../agent/hsm/ceremony/service.ts";
import { FakeHsm } from "../lib/fake-hsm.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";

const [alice, bob, carol] = [1000, 1001, 1002];
/** Of the audit log, so small that each ceremony takes several. */
const pageSize = 3;
const officer = (uid: number): Person => ({ uid, user: `u${uid}` });

let audit: RecordingAudit;
let hsm: FakeHsm;
let officers: Person[];
let clock: number;
/** What a tenant's rules say of who must approve. */
let quorum: unknown;
let ceremonies: CeremonyService;
let stop: (() => void)[];

beforeEach(() => {
  audit = new RecordingAudit();
  hsm = new FakeHsm();
  officers = [alice, bob, carol].map(officer);
  clock = Date.parse("2026-01-01T00:00:00Z");
  quorum = { needed: 1 };
  stop = [];
  ceremonies = create();
});
afterEach(() => {
  for (const end of stop) end();
});

function create(more: { scripts?: ScriptDraft[]; acts?: CeremonyAct[] } = {}): CeremonyService {
  const service = createCeremonies({
    ...{ audit, node: "n1", log: () => {}, changed: () => {}, now: () => clock },
    people: { officers: async () => officers },
    quorum: async () => quorum,
    ...hsm.parts(),
    record: async ({ action = "", cursor }) => {
      const all = audit.entries.filter((one) => one.action === action).toReversed();
      const from = Number(cursor ?? 0);
      const next = from + pageSize < all.length ? String(from + pageSize) : "";
      return { rows: all.slice(from, from + pageSize), next, size: all.length };
    },
    ...{ scripts: [], acts: [], ...more },
  });
  stop.push(() => service.stop());
  return service;
}

function person(uid: number, loginuid = uid): Call {
  const caller = {
    connection: ":1.1",
    uid,
    user: `u${uid}`,
    loginuid,
    gids: [],
    pid: 1,
    label: "",
  };
  const { signal } = new AbortController();
  return { id: "0", caller, member: "hsm.ConfirmStep", signal, approvers: [], note: () => {} };
}

function begin(script = "authority-root", options = {}, rehearsal = false): Promise<Ceremony> {
  return ceremonies.handlers.StartCeremony(person(alice), script, options, rehearsal);
}

async function confirm(by: Call, { id }: Ceremony): Promise<Ceremony> {
  const { step, hash } = await ceremonies.handlers.Ceremony(by, id);
  return ceremonies.handlers.ConfirmStep(by, id, step, hash);
}

async function both(ceremony: Ceremony, people = [alice, bob]): Promise<Ceremony> {
  let after = ceremony;
  for (const uid of people) after = await confirm(person(uid), after);
  return after;
}

/** Until a step of this name is open, or to the end. */
async function upTo(name: string, ceremony: Ceremony): Promise<Ceremony> {
  let now = ceremony;
  while (now.step !== name && now.state === "running") now = await both(now);
  return now;
}

function opensslVerifies({ record, signature, publicKey }: CeremonyRecord): boolean {
  const directory = mkdtempSync(join(tmpdir(), "dsecos-ceremony-"));
  try {
    const file = (name: string, content: string | Buffer) => {
      writeFileSync(join(directory, name), content);
      return join(directory, name);
    };
    const args = ["dgst", "-sha384", "-verify", file("key.pem", publicKey)];
    const parts = [
      file("record.sig", Buffer.from(signature, "base64")),
      file("record.json", record),
    ];
    execFileSync("openssl", [...args, "-signature", ...parts], { stdio: "pipe", timeout: 20_000 });
    return true;
  } catch (error) {
    expect(String((error as { stdout?: unknown }).stdout)).toMatch(/Verification failure|^$/i);
    return false;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test("a whole ceremony makes the key, reads it back, and its record is verified by openssl", async () => {
  const ended = await upTo("", await begin());
  expect(ended).toMatchObject({ state: "complete", done: 6, of: 6 });
  const names = (name: string) => ended.steps.find((one) => one.name === name)?.facts;
  expect(names("token")).toContainEqual({ name: "Token", value: "softhsm/=node" });
  const attributes =
    "sensitive, always sensitive, not extractable, never extractable, made in the token";
  expect(names("key")).toContainEqual({ name: "Attributes", value: attributes });
  for (const { reads, facts } of ended.steps) expect(facts.map(({ name }) => name)).toEqual(reads);
  const signed = await ceremonies.handlers.CeremonyRecord(person(bob), ended.id);
  expect(opensslVerifies(signed)).toBe(true);
  const record = JSON.parse(signed.record);
  expect(record).toMatchObject({ rehearsal: false, ceremony: ended.id, node: "n1", marking: "" });
  expect(record.steps).toHaveLength(6);
  for (const { confirmedBy } of record.steps) {
    expect(confirmedBy.map(({ uid }: Person) => uid)).toEqual([alice, bob]);
  }
  expect(signed.text).toContain(signed.fingerprint);
  expect(signed.text).not.toContain("REHEARSAL");
  expect(hsm.labels("=node")).toEqual(["key/authority-root/1", "key/authority-root"]);
});

test("one flipped byte anywhere in the record or the signature fails with openssl", async () => {
  const { id } = await upTo("", await begin());
  const signed = await ceremonies.handlers.CeremonyRecord(person(bob), id);
  const { record } = signed;
  for (const at of [0, Math.floor(record.length / 2), record.length - 1]) {
    const changed = Buffer.from(record);
    changed[at] = (changed[at] as number) ^ 1;
    expect(opensslVerifies({ ...signed, record: changed.toString("latin1") })).toBe(false);
  }
  const signature = Buffer.from(signed.signature, "base64");
  signature[signature.length - 1] = (signature.at(-1) as number) ^ 1;
  expect(opensslVerifies({ ...signed, signature: signature.toString("base64") })).toBe(false);
});

test("a log that was changed behind the signature gives out no record", async () => {
  const { id } = await upTo("", await begin());
  for (const { details } of audit.entries) {
    for (const fact of (details?.facts as { name: string; value: string }[]) ?? []) {
      if (fact.name === "Serial") fact.value = "another";
    }
  }
  ceremonies = create();
  await expect(ceremonies.handlers.CeremonyRecord(person(bob), id)).rejects.toThrow(
    "verify the log",
  );
});

test("the same person does not confirm a step twice, whatever su and sudo make of him", async () => {
  const ceremony = await begin();
  await confirm(person(alice), ceremony);
  for (const again of [person(alice), person(0, alice), person(bob, alice)]) {
    await expect(confirm(again, ceremony)).rejects.toThrow("You confirmed this step already");
  }
  expect(await confirm(person(bob), ceremony)).toMatchObject({ done: 1, step: "token" });
});

test("any two officers confirm a step, and who started is no more than one of them", async () => {
  const ceremony = await begin();
  await both(ceremony, [bob, carol]);
  await confirm(person(alice), ceremony);
  expect(await ceremonies.handlers.Ceremony(person(bob), ceremony.id)).toMatchObject({ done: 1 });
  expect(await confirm(person(carol), ceremony)).toMatchObject({ done: 2 });
});

test("who is no officer, or root by himself, takes no part", async () => {
  const ceremony = await begin();
  officers = [alice, carol].map(officer);
  for (const call of [person(bob), person(0, 0), person(0, -1), person(alice, 1009)]) {
    await expect(confirm(call, ceremony)).rejects.toMatchObject({ code: "Denied" });
    const abort = ceremonies.handlers.AbortCeremony(call, ceremony.id, "no");
    await expect(abort).rejects.toMatchObject({ code: "Denied" });
  }
  officers = [officer(alice)];
  await expect(begin("authority-root", {}, true)).rejects.toThrow("takes 2 security officers");
});

test("steps go in order: none is skipped, done twice, or confirmed before it is open", async () => {
  const ceremony = await begin();
  const { hash } = ceremony;
  const at = (step: string, read = hash) =>
    ceremonies.handlers.ConfirmStep(person(alice), ceremony.id, step, read);
  for (const step of ["token", "key", "sign", "no-such-step"]) {
    await expect(at(step)).rejects.toThrow("steps go in the order of the script");
  }
  expect(hsm.calls).toEqual([]);
  await both(ceremony);
  await expect(at("opening")).rejects.toMatchObject({ code: "Conflict" });
  await expect(at("token")).rejects.toThrow("its hash differs");
});

test("a confirmation is bound to what was read back before", async () => {
  const ceremony = await upTo("compare-key", await begin());
  const other = await both(await begin("authority-root", {}, true));
  const wrong = ceremonies.handlers.ConfirmStep(
    ...([person(bob), ceremony.id, "compare-key", other.hash] as const),
  );
  await expect(wrong).rejects.toThrow("its hash differs");
});

test("nothing is done before the second person has confirmed", async () => {
  const ceremony = await upTo("key", await begin());
  const before = hsm.calls.length;
  await confirm(person(carol), ceremony);
  expect(hsm.calls).toHaveLength(before);
  expect(hsm.keys.size).toBe(0);
});

test("an aborted ceremony leaves no key, says why, and does not go on", async () => {
  const ceremony = await upTo("compare-key", await begin());
  expect(hsm.keys.size).toBe(1);
  const ended = await ceremonies.handlers.AbortCeremony(person(bob), ceremony.id, "wrong serial");
  expect(ended).toMatchObject({
    state: "aborted",
    reason: "u1001: wrong serial",
    hash: "",
    step: "",
  });
  expect(ended.undone).toEqual(["The key authority-root in token softhsm/=node was destroyed."]);
  expect([hsm.keys.size, hsm.labels("=node")]).toEqual([0, []]);
  await expect(confirm(person(alice), ended)).rejects.toThrow();
  await expect(ceremonies.handlers.CeremonyRecord(person(bob), ended.id)).rejects.toThrow(
    "not complete",
  );
  expect(await upTo("", await begin())).toMatchObject({ state: "complete" });
});

test("a ceremony whose time is over ends, after a restart too, and leaves no key", async () => {
  const ceremony = await upTo("compare-key", await begin());
  clock += 4 * 3_600_000;
  await expect(confirm(person(alice), ceremony)).rejects.toThrow("its time has passed");
  ceremonies = create();
  ceremonies.start();
  const ended = () => ceremonies.handlers.Ceremony(person(bob), ceremony.id);
  await expect.poll(async () => (await ended()).undone).toHaveLength(1);
  expect(await ended()).toMatchObject({ state: "aborted", reason: "Its time was over." });
  expect(hsm.keys.size).toBe(0);
});

test("a step that was confirmed before a long outage is not carried out after its time", async () => {
  const ceremony = await upTo("key", await begin());
  await confirm(person(alice), ceremony);
  const before = audit.entries.length;
  await confirm(person(bob), ceremony);
  // Killed behind the second confirmation, before anything came of it.
  audit.entries.splice(before + 1);
  for (const label of [...hsm.keys.keys()]) hsm.keys.delete(label);
  hsm.objects.clear();
  hsm.calls.length = 0;
  clock += 4 * 3_600_000;
  ceremonies = create();
  ceremonies.start();
  const ended = () => ceremonies.handlers.Ceremony(person(bob), ceremony.id);
  await expect.poll(async () => (await ended()).state).toBe("aborted");
  expect(hsm.calls).not.toContain("generateKey =node");
});

test("a rehearsal is marked everywhere, uses the rehearsal token, and leaves no key", async () => {
  const ended = await upTo("", await begin("authority-root", {}, true));
  expect(ended).toMatchObject({ state: "complete", rehearsal: true });
  const signed = await ceremonies.handlers.CeremonyRecord(person(bob), ended.id);
  expect(opensslVerifies(signed)).toBe(true);
  expect(JSON.parse(signed.record)).toMatchObject({ rehearsal: true, marking: /^REHEARSAL/ });
  expect(signed.text.match(/^REHEARSAL/gm)).toHaveLength(8);
  expect(hsm.calls.every((call) => call.endsWith(" =rehearsal"))).toBe(true);
  // What is left is the key that signs records of rehearsals.
  expect(hsm.labels("=rehearsal")).toEqual([]);
  expect(hsm.keys.size).toBe(1);
  const real = await upTo("", await begin());
  const other = await ceremonies.handlers.CeremonyRecord(person(bob), real.id);
  expect(other.fingerprint).not.toBe(signed.fingerprint);
});

test("one ceremony is held in a place at a time, and a rehearsal beside it", async () => {
  await begin();
  await expect(begin()).rejects.toThrow("complete or abort it first");
  await begin("authority-root", {}, true);
  await begin("tenant-token", { tenant: "mod-defense", driver: "softhsm" });
  await begin("tenant-token", { tenant: "home-office", driver: "softhsm" });
});

test("a second root key is refused before anything is made", async () => {
  await upTo("", await begin());
  const keys = hsm.keys.size;
  const again = await upTo("key", await begin());
  await expect(both(again)).rejects.toThrow("has a root key already");
  expect(hsm.keys.size).toBe(keys);
  await ceremonies.handlers.AbortCeremony(person(alice), again.id, "not needed");
  expect(hsm.labels("=node")).toContain("key/authority-root");
});

test("a tenant's token and the reset of its PIN are held like that, too", async () => {
  const tenant = "mod-defense";
  await expect(begin("tenant-token")).rejects.toThrow("needs a tenant");
  expect(await upTo("", await begin("tenant-token", { tenant, driver: "softhsm" }))).toMatchObject({
    state: "complete",
  });
  const second = await upTo("token", await begin("tenant-token", { tenant, driver: "softhsm" }));
  await expect(both(second)).rejects.toThrow("has the token softhsm/mod-defense already");
  await ceremonies.handlers.AbortCeremony(person(alice), second.id, "not needed");
  await upTo("", await begin("pin-reset", { tenant }));
  expect(hsm.calls).toContain("resetPin mod-defense");
});

test("no PIN is reset by a ceremony without those whom the tenant's rules ask for", async () => {
  const tenant = "mod-defense";
  await upTo("", await begin("tenant-token", { tenant, driver: "softhsm" }));
  const ceremony = await upTo("pin", await begin("pin-reset", { tenant }));
  // Two people are all that a ceremony has, so that its starter and two others are too many.
  for (const rule of [
    { needed: 2 },
    { needed: 1, approvers: [officer(carol)] },
    { needed: 0 },
    undefined,
  ]) {
    quorum = rule;
    await expect(both(ceremony)).rejects.toMatchObject({ code: "Denied" });
  }
  expect(hsm.calls).not.toContain("resetPin mod-defense");
  const now = await ceremonies.handlers.Ceremony(person(alice), ceremony.id);
  expect(now).toMatchObject({ step: "pin" });
  quorum = { needed: 1, approvers: [officer(bob)] };
  await upTo("", now);
  expect(hsm.calls).toContain("resetPin mod-defense");
  // A rehearsal does nothing to the tenant's token.
  quorum = { needed: 2 };
  expect(await upTo("", await begin("pin-reset", { tenant }, true))).toMatchObject({
    state: "complete",
  });
});

test.each([["by the second confirmation"], ["when the agent starts again"]])(
  "who is no officer any more has confirmed nothing, %s",
  async (when) => {
    const ceremony = await upTo("key", await begin());
    await confirm(person(bob), ceremony);
    if (when.startsWith("by")) {
      officers = [alice, carol].map(officer);
      await expect(confirm(person(alice), ceremony)).rejects.toThrow(/of u1001 counts no more/);
    } else {
      hsm.failure = new DsecosError("Unavailable", "The HSM is away.");
      const before = audit.entries.length;
      await expect(confirm(person(alice), ceremony)).rejects.toThrow("away");
      // As if the agent had ended before it could write that down.
      audit.entries.length = before + 1;
      officers = [alice, carol].map(officer);
      ceremonies = create();
      const { id } = ceremony;
      await expect(
        ceremonies.handlers.ConfirmStep(person(carol), id, "key", ceremony.hash),
      ).rejects.toThrow(/of u1001 counts no more/);
    }
    expect(hsm.labels("=node")).toEqual([]);
    const now = await ceremonies.handlers.Ceremony(person(alice), ceremony.id);
    expect(now.steps.find(({ name }) => name === "key")).toMatchObject({ confirmedBy: [] });
    expect(await both(now, [alice, carol])).toMatchObject({ step: "compare-key" });
  },
);

test("an act that fails says why, and takes two people again, who see that", async () => {
  const ceremony = await upTo("key", await begin());
  hsm.failure = new DsecosError("Unavailable", "The HSM is away.");
  await expect(both(ceremony)).rejects.toThrow("The HSM is away.");
  const now = await ceremonies.handlers.Ceremony(person(alice), ceremony.id);
  const key = now.steps.find(({ name }) => name === "key");
  expect(key).toMatchObject({ state: "open", confirmedBy: [], error: "The HSM is away." });
  expect(now.hash).not.toBe(ceremony.hash);
  const stale = ceremonies.handlers.ConfirmStep(person(bob), now.id, "key", ceremony.hash);
  await expect(stale).rejects.toThrow("its hash differs");
  expect(await upTo("", now)).toMatchObject({ state: "complete" });
});

test("a key that could leave its token is no result of a ceremony", async () => {
  hsm.attributes = { neverExtractable: false };
  const ceremony = await upTo("key", await begin());
  await expect(both(ceremony)).rejects.toThrow("could leave it");
});

/** As if the agent had been replaced meanwhile by one that has another script. */
function changeScript(): void {
  const [first] = audit.entries;
  (first?.details as { scriptHash: string }).scriptHash = "0".repeat(128);
  ceremonies = create();
}

test("what was begun under another version of the script does not go on, and can be aborted", async () => {
  const ceremony = await begin();
  changeScript();
  await expect(confirm(person(alice), ceremony)).rejects.toThrow("another version of its script");
  await ceremonies.handlers.AbortCeremony(person(alice), ceremony.id, "the script changed");
});

test("a start with another version of the script ends it, and takes back what it made", async () => {
  const { id } = await upTo("compare-key", await begin());
  changeScript();
  ceremonies.start();
  const ended = () => ceremonies.handlers.Ceremony(person(bob), id);
  await expect.poll(async () => (await ended()).undone).toHaveLength(1);
  expect(await ended()).toMatchObject({ state: "aborted" });
  expect(hsm.keys.size).toBe(0);
});

test("other areas bring acts and scripts of their own", async () => {
  const [root] = scripts;
  if (root === undefined) throw new Error("no script");
  const steps = [{ ...(root.steps[0] as (typeof root.steps)[0]), act: "ring the bell" }];
  const bell: CeremonyAct = {
    name: "ring the bell",
    run: async ({ people, rehearsal }) => [
      { name: "Rung by", value: `${people.join(", ")} ${rehearsal}` },
    ],
  };
  const script: ScriptDraft = { ...root, name: "bell", steps };
  expect(() => create({ scripts: [script] })).toThrow("nobody brought");
  ceremonies = create({ scripts: [script], acts: [bell] });
  const ended = await both(await begin("bell"));
  expect(ended.steps[0]?.facts).toEqual([{ name: "Rung by", value: "u1000, u1001 false" }]);
});

test("an event that cannot be recorded did not happen", async () => {
  const ceremony = await begin();
  audit.failure = new DsecosError("Unavailable", "disk full");
  await expect(confirm(person(alice), ceremony)).rejects.toThrow("disk full");
  audit.failure = undefined;
  const now = await ceremonies.handlers.Ceremony(person(bob), ceremony.id);
  expect(now.steps[0]?.confirmedBy).toEqual([]);
  await both(now);
});

/** An audit log that fails like a disk that is full from one event on. */
class FillingAudit extends RecordingAudit {
  room: number;
  constructor(room: number) {
    super();
    this.room = room;
  }
  override async append(event: AuditEvent) {
    if (this.entries.length >= this.room) throw new DsecosError("Unavailable", "disk full");
    return super.append(event);
  }
}

test("killed at any event, it goes on where it was and makes one key", async () => {
  await upTo("", await begin());
  const whole = audit.entries.length;
  for (let kept = 1; kept < whole; kept += 1) {
    audit = new FillingAudit(kept);
    hsm = new FakeHsm();
    ceremonies = create();
    const started = await begin();
    // Everything happens that can be recorded, and the act behind it, and then the agent is gone.
    await upTo("", started).catch((error) => expect(String(error)).toContain("disk full"));
    const entries = [...audit.entries];
    expect(entries).toHaveLength(kept);
    audit = new RecordingAudit();
    audit.entries.push(...entries);
    ceremonies = create();
    ceremonies.start();
    const state = async () => ceremonies.handlers.Ceremony(person(bob), started.id);
    // A step that two people confirmed comes to its end by itself.
    await expect
      .poll(async () =>
        (await state()).steps.some(
          ({ state, confirmedBy }) => state !== "done" && confirmedBy.length === 2,
        ),
      )
      .toBe(false);
    let now = await state();
    while (now.state === "running") {
      const open = now.steps.find(({ name }) => name === now.step);
      const left = [alice, bob].filter((uid) => !open?.confirmedBy.some((one) => one.uid === uid));
      now = await both(now, left);
    }
    expect(now).toMatchObject({ state: "complete", done: 6 });
    expect(hsm.calls.filter((call) => call === "generateKey =node")).toHaveLength(2);
    expect(hsm.keys.size).toBe(2);
    const signed = await ceremonies.handlers.CeremonyRecord(person(bob), started.id);
    expect(JSON.parse(signed.record).steps).toHaveLength(6);
  }
});

test("killed at any call of the driver while the key is made, it ends with one key", async () => {
  let calls = 0;
  for (let left = 0; ; left += 1) {
    audit = new RecordingAudit();
    hsm = new FakeHsm();
    ceremonies = create();
    const ceremony = await upTo("key", await begin());
    await confirm(person(alice), ceremony);
    const [entries, before] = [audit.entries.length, hsm.calls.length];
    hsm.left = left;
    const failed = await confirm(person(bob), ceremony).then(
      () => false,
      () => true,
    );
    calls = hsm.calls.length - before;
    if (!failed) break;
    // What the agent still wrote after that is not there: it was killed.
    const began = audit.entries.findIndex(
      ({ details }, i) => i > entries && details?.what === "began",
    );
    audit.entries.splice(began === -1 ? entries + 1 : began + 1);
    hsm.left = Number.POSITIVE_INFINITY;
    ceremonies = create();
    ceremonies.start();
    const state = () => ceremonies.handlers.Ceremony(person(bob), ceremony.id);
    await expect.poll(async () => (await state()).step).toBe("compare-key");
    expect(hsm.keys.size).toBe(1);
    expect(hsm.labels("=node").sort()).toEqual(["key/authority-root", "key/authority-root/1"]);
  }
  expect(calls).toBeGreaterThan(5);
});

test("killed while it is aborted, it takes back what it made at the next start", async () => {
  const { id } = await upTo("compare-key", await begin());
  audit.entries.push({
    ...(audit.entries.at(-1) as (typeof audit.entries)[0]),
    details: { what: "aborted", at: new Date(clock).toISOString(), reason: "u1001: stop" },
  });
  ceremonies = create();
  ceremonies.start();
  await expect
    .poll(async () => (await ceremonies.handlers.Ceremony(person(bob), id)).undone)
    .toHaveLength(1);
  expect(hsm.keys.size).toBe(0);
});
