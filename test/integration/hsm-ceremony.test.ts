/**
 * Key ceremonies with two real officers on the real bus, in SoftHSM: from the first step to a record
 * that openssl verifies, and with the agent killed in the middle.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type {
  Ceremony,
  CeremonyRecord,
  CeremonyRow,
  Script,
} from "../../agent/hsm/ceremony/answers.ts";
import { hsm } from "../../agent/hsm/contract.ts";
import { tenants } from "../../agent/tenants/contract.ts";
import { readRecord } from "../../packaging/setup/lib/daemons.js";
import { createStack } from "../../packaging/setup/stack.js";
import { Person } from "../lib/caller.ts";
import { removeTree } from "../lib/remove-tree.js";
import { people } from "../lib/test-stack.js";
import { asWalk } from "../lib/walk.ts";

const execute = promisify(execFile);
const stateDirectory = String(process.env.DSECOS_TEST_STATE);
const tenant = "ceremony-agency";
let one: Person;
let two: Person;
const others = new Map<string, Person>();

beforeAll(async () => {
  one = await Person.as(people.officer);
  two = await Person.as(people.officer2);
  for (const role of ["viewer", "operator", "auditor", "nobody"] as const) {
    others.set(role, await Person.as(people[role]));
  }
});
afterAll(() => {
  for (const person of [one, two, ...others.values()]) person.end();
});

const show = (by: Person, id: string) => by.call(hsm, "Ceremony", id) as Promise<Ceremony>;

function begin(script: string, options: object, rehearsal: boolean): Promise<Ceremony> {
  return one.call(hsm, "StartCeremony", script, options, rehearsal) as Promise<Ceremony>;
}

async function confirm(by: Person, id: string): Promise<Ceremony> {
  const { step, hash } = await show(by, id);
  return (await by.call(hsm, "ConfirmStep", id, step, hash)) as Ceremony;
}

async function upTo(step: string, ceremony: Ceremony): Promise<Ceremony> {
  let now = ceremony;
  while (now.step !== step && now.state === "running") {
    await confirm(one, now.id);
    now = await confirm(two, now.id);
  }
  return now;
}

/** Runs the very command that the record comes with, in a directory with nothing but the record. */
async function runCommand(id: string, signed: CeremonyRecord): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "dsecos-ceremony-"));
  try {
    writeFileSync(join(directory, `ceremony-${id}.json`), JSON.stringify(signed));
    const { stdout } = await execute("sh", ["-c", signed.command], {
      cwd: directory,
      timeout: 20_000,
    });
    return stdout;
  } catch (error) {
    return String((error as { stdout?: unknown }).stdout);
  } finally {
    removeTree(directory);
  }
}

const facts = (ceremony: Ceremony, step: string) =>
  Object.fromEntries(
    ceremony.steps
      .find(({ name }) => name === step)
      ?.facts.map(({ name, value }) => [name, value]) ?? [],
  );

describe("a rehearsal", () => {
  asWalk();
  let ceremony: Ceremony;
  let signed: CeremonyRecord;

  test("everybody reads the scripts, and each hash is over what one reads", async () => {
    const scripts = (await others.get("viewer")?.call(hsm, "CeremonyScripts")) as Script[];
    expect(scripts.map(({ name }) => name)).toContain("authority-root");
    for (const { hash } of scripts) expect(hash).toMatch(/^[0-9a-f]{128}$/);
  });

  test("an officer starts it, and it is in the list", async () => {
    ceremony = await begin("authority-root", {}, true);
    expect(ceremony).toMatchObject({ rehearsal: true, state: "running", step: "opening", done: 0 });
    const rows = (await two.call(hsm, "Ceremonies")) as CeremonyRow[];
    expect(rows[0]).toMatchObject({ id: ceremony.id, startedBy: people.officer });
  });

  test("nobody but an officer takes part", async () => {
    const { id, step, hash } = ceremony;
    for (const person of others.values()) {
      for (const [member, ...inputs] of [
        ["ConfirmStep", id, step, hash],
        ["AbortCeremony", id, "no"],
        ["StartCeremony", "authority-root", {}, true],
      ] as [string, ...unknown[]][]) {
        const { error } = await person.try(hsm, member, ...inputs);
        expect(error?.name, `${person.user} ${member}`).toMatch(/Denied$/);
      }
    }
  });

  test("the same officer does not confirm a step twice", async () => {
    const { id, step, hash } = ceremony;
    await one.call(hsm, "ConfirmStep", id, step, hash);
    const { error } = await one.try(hsm, "ConfirmStep", id, step, hash);
    expect(error?.message).toContain("another officer must confirm it, too");
    expect((await show(two, id)).done).toBe(0);
  });

  test("a step that is not open, or was not read, is not confirmed", async () => {
    const { id, hash } = ceremony;
    const skipped = await two.try(hsm, "ConfirmStep", id, "key", hash);
    expect(skipped.error?.message).toContain("steps go in the order of the script");
    const unread = await two.try(hsm, "ConfirmStep", id, "opening", "0".repeat(128));
    expect(unread.error?.message).toContain("its hash differs");
  });

  test("a second ceremony is not held in the same place", async () => {
    const { error } = await two.try(hsm, "StartCeremony", "authority-root", {}, true);
    expect(error?.message).toContain("complete or abort it first");
  });

  test("what the token says of itself and of the key is read back", async () => {
    await confirm(two, ceremony.id);
    ceremony = await upTo("", await show(one, ceremony.id));
    expect(ceremony.state).toBe("complete");
    const token = facts(ceremony, "token");
    expect(token.Token).toMatch(/\/=rehearsal$/);
    expect(token.Serial).toMatch(/^[0-9a-f]{16}$/);
    expect(token["Made by"]).toContain("SoftHSM");
    expect(token.Hardware).toMatch(/^SOFTWARE/);
    expect(token.PIN).toBe("accepted");
    const key = facts(ceremony, "key");
    expect(key.Attributes).toBe(
      "sensitive, always sensitive, not extractable, never extractable, made in the token",
    );
    expect(key.Fingerprint?.replaceAll(" ", "")).toMatch(/^[0-9a-f]{64}$/);
    expect(ceremony.undone).toHaveLength(1);
  });

  test("its record is verified by the command that comes with it, and is marked", async () => {
    signed = (await others
      .get("auditor")
      ?.call(hsm, "CeremonyRecord", ceremony.id)) as CeremonyRecord;
    expect(await runCommand(ceremony.id, signed)).toContain("Verified OK");
    expect(signed.text).toMatch(/^REHEARSAL/);
    expect(JSON.parse(signed.record)).toMatchObject({ rehearsal: true });
  });

  test("one flipped byte fails", async () => {
    const at = Math.floor(signed.record.length / 2);
    const changed = Buffer.from(signed.record);
    changed[at] = (changed[at] as number) ^ 1;
    const record = changed.toString("latin1");
    expect(await runCommand(ceremony.id, { ...signed, record })).toContain("Verification failure");
  });
});

test("an aborted ceremony has no record and does not go on", async () => {
  const { id } = await upTo("compare-key", await begin("authority-root", {}, true));
  const ended = (await two.call(hsm, "AbortCeremony", id, "The serial differs.")) as Ceremony;
  expect(ended).toMatchObject({
    state: "aborted",
    reason: `${people.officer2}: The serial differs.`,
  });
  expect(ended.undone[0]).toMatch(/was destroyed\.$/);
  const { error } = await one.try(hsm, "CeremonyRecord", id);
  expect(error?.message).toContain("not complete");
});

test("the agent is killed while the key is made, and the step comes to its end with one key", async () => {
  const { id } = await upTo("key", await begin("authority-root", {}, true));
  await confirm(one, id);
  const { step, hash } = await show(two, id);
  const confirming = two.try(hsm, "ConfirmStep", id, step, hash);
  const stack = createStack({ mode: "private", stateDirectory, components: ["agent"] });
  // The confirmation is on its way; wherever the agent is with it, it must end clearly.
  await expect.poll(async () => (await show(one, id)).steps[3]?.confirmedBy.length).toBe(2);
  const { pid } = readRecord(stateDirectory, "agent") ?? {};
  if (pid === undefined) throw new Error("the stack has no agent");
  process.kill(pid, "SIGKILL");
  await confirming;
  await stack.start();
  await expect
    .poll(async () => (await one.try(hsm, "Ceremony", id)).error, { timeout: 30_000 })
    .toBeUndefined();
  await expect
    .poll(async () => (await show(one, id)).step, { timeout: 60_000 })
    .toBe("compare-key");
  const ended = await upTo("", await show(one, id));
  expect(ended).toMatchObject({ state: "complete" });
  const signed = (await one.call(hsm, "CeremonyRecord", id)) as CeremonyRecord;
  expect(await runCommand(id, signed)).toContain("Verified OK");
});

describe("a tenant", () => {
  asWalk();
  beforeAll(async () => {
    const quota = { cpu: "1", ram: "1GiB", storage: "1GiB" };
    await others.get("operator")?.call(tenants, "Create", tenant, { domain: "ceremony_t", quota });
  });

  test("gets its token in a ceremony, which says what must be told", async () => {
    const lacking = await one.try(hsm, "StartCeremony", "tenant-token", { tenant }, false);
    expect(lacking.error?.message).toContain("needs a driver");
    const options = { tenant, driver: "softhsm" };
    const ended = await upTo("", await begin("tenant-token", options, false));
    expect(facts(ended, "token").Token).toBe(`softhsm/${tenant}`);
    const signed = (await one.call(hsm, "CeremonyRecord", ended.id)) as CeremonyRecord;
    expect(await runCommand(ended.id, signed)).toContain("Verified OK");
    expect(signed.text).not.toContain("REHEARSAL");
    const { signer } = JSON.parse(signed.record);
    expect(signer.token).toBe("softhsm/=node");
  });

  test("gets no second one there", async () => {
    const options = { tenant, driver: "softhsm" };
    const { id } = await upTo("token", await begin("tenant-token", options, false));
    await confirm(one, id);
    const { step, hash } = await show(two, id);
    const { error } = await two.try(hsm, "ConfirmStep", id, step, hash);
    expect(error?.message).toContain("has the token");
    await one.call(hsm, "AbortCeremony", id, "It has one.");
  });

  test("has its PIN reset in a ceremony, and the token still opens", async () => {
    const ended = await upTo("", await begin("pin-reset", { tenant }, false));
    expect(facts(ended, "pin").PIN).toBe("accepted");
  });
});
