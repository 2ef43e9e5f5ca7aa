/**
 * After keys of every kind were made and used, the PINs, the secret they are made of, and what was
 * encrypted are in no log, no record, no argument, no environment, and the PINs on no bus.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { hsm } from "../../agent/hsm/contract.ts";
import { readPins } from "../../agent/hsm/driver/host/secret.ts";
import { readRecord } from "../../packaging/setup/lib/daemons.js";
import { Person } from "../lib/caller.ts";
import { approved, createAgency, type Staff } from "../lib/hsm-agency.ts";
import { people } from "../lib/test-stack.js";
import { Traces } from "../lib/traces.ts";

const tenant = "secret-agency";
const state = String(process.env.DSECOS_TEST_STATE);
const hsmState = String(process.env.DSECOS_TEST_HSM_STATE);
const credentials = join(hsmState, "credentials");
/** Said with the last use, so that all before it was heard. */
const lastWord = `the last use ${randomBytes(8).toString("hex")}`;
const content = randomBytes(48);
const base64 = content.toString("base64");

let staff: Staff;
let pins: Traces;
let contents: Traces;
/** What anybody could hear on the bus, as bytes. */
let heard = Buffer.alloc(0);
let monitor: ChildProcess;

const use = (member: keyof typeof hsm.methods, ...inputs: unknown[]) =>
  staff.operator.call(hsm, member, ...inputs);
const inHeard = (text: string) => heard.includes(text);
const hearing = (text: string) =>
  vi.waitFor(() => expect(inHeard(text), `${text} on the bus`).toBe(true), { timeout: 60_000 });

/** The process that was started under this name, and those that it started. */
function processOf(name: string): { pid: number; children: number[] } {
  const pid = readRecord(state, name)?.pid;
  if (pid === undefined) throw new Error(`${name} was not started`);
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean),
  );
  return { pid, children: children.map(Number) };
}

/** The process that loads the module. */
function hostPid(): number {
  const { children } = processOf("dsecos-hsm");
  const [host] = children;
  if (host === undefined || children.length > 1) throw new Error(`not one host: ${children}`);
  return host;
}

beforeAll(async () => {
  const args = ["--address", String(process.env.DBUS_SYSTEM_BUS_ADDRESS), "--binary"];
  monitor = spawn("dbus-monitor", args, { stdio: ["ignore", "pipe", "inherit"] });
  monitor.stdout?.on("data", (chunk: Buffer) => {
    heard = Buffer.concat([heard, chunk]);
  });
  // Whoever becomes a monitor loses its name.
  await hearing("NameLost");

  const [operator, officer, second] = [
    await Person.as(people.operator),
    await Person.as(people.officer),
    await Person.as(people.officer2),
  ];
  staff = { operator, officer, second };
  await createAgency(staff, tenant, {
    documents: "AES-256",
    seal: "P-384",
    composite: "MLDSA65-P384",
    letters: "MLKEM768-P384",
  });
  const made = await useAll();

  const [credential] = readdirSync(credentials);
  if (credential === undefined) throw new Error("the driver has no credential");
  const derived = readPins({ credential, form: "derived" }, credentials);
  pins = new Traces({
    "the credential": readFileSync(join(credentials, credential)),
    "the PIN": Buffer.from(derived.user(tenant), "hex"),
    "the PIN as text": Buffer.from(derived.user(tenant)),
    "the officer's PIN": Buffer.from(derived.officer(tenant), "hex"),
    "the officer's PIN as text": Buffer.from(derived.officer(tenant)),
  });
  contents = new Traces({ "what was encrypted": content, "a key for data": made });
}, 300_000);

afterAll(() => {
  monitor?.kill();
  for (const person of Object.values(staff ?? {})) person.end();
});

/** Every use that has a secret in it. @returns a key for data, as its caller got it */
async function useAll(): Promise<Buffer> {
  const as = [tenant, "documents", "a test", "page 1"];
  const blob = await use("Encrypt", ...as, base64);
  expect(await use("Decrypt", ...as, blob)).toBe(base64);
  const { keys } = (await use("DataKeys", ...as, 1)) as {
    keys: { plaintext: string; wrapped: string }[];
  };
  const [key] = keys;
  if (key === undefined) throw new Error("there is no key for data");
  expect(await use("DecryptDataKey", ...as, key.wrapped)).toBe(key.plaintext);
  for (const name of ["seal", "composite"]) {
    const signature = await use("Sign", tenant, name, "a test", base64);
    await use("Verify", tenant, name, "a test", base64, signature);
  }
  const to = [tenant, "letters", "a test", "page 1"];
  const envelope = await use("SealEnvelope", ...to, base64);
  expect(await use("OpenEnvelope", ...to, envelope)).toBe(base64);
  const { der } = (await use("PublicKey", tenant, "letters", 0)) as { der: string };
  const recipient = { tenant, key: "letters", version: 1, region: "UK", publicKey: der };
  const at = [tenant, "documents", "a test", key.wrapped, "page 1"];
  const transfer = await approved(staff, "Transfer", ...at, recipient);
  expect(transfer.error).toBeUndefined();
  // What is refused says no more than what is not.
  const wrong = await staff.operator.try(hsm, "Decrypt", tenant, "documents", "a test", "x", blob);
  expect(wrong.error?.name).toBe("org.dsecos.Error.InvalidArgument");
  await use("Random", tenant, lastWord, 64);
  await hearing(lastWord);
  return Buffer.from(key.plaintext, "base64");
}

test("PINs and their secret are on no bus", () => {
  expect(inHeard("org.dsecos.Hsm1")).toBe(true);
  expect(pins.in(heard)).toEqual([]);
});

test("neither they nor what was encrypted are in a log or in the record", () => {
  const words = new Traces({ "the last word": Buffer.from(lastWord) });
  expect(words.inFiles(join(state, "audit")), "the record is read").not.toEqual([]);
  for (const directory of ["audit", "log", "run", "hsm.d", "pids"].map((name) => join(state, name)))
    expect([...pins.inFiles(directory), ...contents.inFiles(directory)], directory).toEqual([]);
  expect(contents.inFiles(hsmState)).toEqual([]);
  expect(pins.inFiles(join(hsmState, "tokens"))).toEqual([]);
  expect(pins.inFiles(credentials), "what is looked for is there to be found").not.toEqual([]);
});

test("they are in no argument and in no environment", () => {
  const driver = processOf("dsecos-hsm");
  for (const pid of [processOf("agent").pid, driver.pid, ...driver.children]) {
    expect([...pins.inStart(pid), ...contents.inStart(pid)]).toEqual([]);
  }
});

test("PINs are in the memory of the process that loads the module, and of no other", () => {
  expect(pins.inMemory(hostPid()), "memory is read").not.toEqual([]);
  for (const pid of [processOf("agent").pid, processOf("dsecos-hsm").pid]) {
    expect(pins.inMemory(pid)).toEqual([]);
  }
});

test("that process leaves no core dump", () => {
  for (const pid of [processOf("dsecos-hsm").pid, hostPid()]) {
    const limits = readFileSync(`/proc/${pid}/limits`, "utf8");
    expect(limits).toMatch(/^Max core file size\s+0\s+0\s+bytes/m);
  }
});
