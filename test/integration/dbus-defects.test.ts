/** Known defects of dbus-next, each shown to be unable to hurt this agent. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Variant } from "dbus-next/lib/variant.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { agent } from "../../agent/agent/contract.ts";
import { audit } from "../../agent/audit/contract.ts";
import { BusConnection, BusError, systemBusPath } from "../../agent/bus/connection.ts";
import { busName } from "../../agent/bus/contract.ts";
import { tenants } from "../../agent/tenants/contract.ts";
import { createStack } from "../../packaging/setup/stack.js";
import { Person } from "../lib/caller.ts";
import { removeTree } from "../lib/remove-tree.js";
import { people } from "../lib/test-stack.js";

const program = resolve(import.meta.dirname, "../../dist/agent/agent.js");
let bus: BusConnection;

beforeAll(async () => {
  bus = await BusConnection.open(systemBusPath());
});
afterAll(() => bus.end());

const properties = { destination: busName, interface: "org.freedesktop.DBus.Properties" };

test("Properties.Set answers PropertyReadOnly and assigns nothing", async () => {
  for (const path of ["/org/dsecos/tenants", "/org/dsecos/agent", "/"]) {
    const body = [tenants.name, "Name", new Variant("s", "hacked")];
    await expect(
      bus.call({ ...properties, path, member: "Set", signature: "ssv", body }),
    ).rejects.toMatchObject({ name: "org.freedesktop.DBus.Error.PropertyReadOnly" });
    await expect(
      bus.call({ ...properties, path, member: "GetAll", signature: "s", body: [tenants.name] }),
    ).resolves.toEqual([{}]);
  }
});

test("a failure reaches the caller as one sentence, never as a stack", async () => {
  const root = await Person.as("root");
  const { error } = await root.try(tenants, "Show", "no-such-tenant");
  expect(error?.name).toBe("org.dsecos.Error.NotFound");
  expect(error?.message).not.toMatch(/\n|\bat\b .*:\d+/);
  root.end();
});

test("the agent knows the sender: uid, login name and process", async () => {
  const operator = await Person.as(people.operator);
  const capabilities = await operator.call(agent, "GetCapabilities");
  expect(capabilities).toMatchObject({ user: people.operator, roles: ["operator"] });
  operator.end();
});

test("a match is added to the bus once, however many listen", async () => {
  const connection = await BusConnection.open(systemBusPath());
  let added = 0;
  const original = connection.callDriver.bind(connection);
  connection.callDriver = (member, ...rest) => {
    if (member === "AddMatch") added += 1;
    return original(member, ...rest);
  };
  for (let i = 0; i < 600; i++) await connection.subscribe(tenants.name, "Changed", () => {});
  expect(added).toBe(1);
  connection.end();
});

test("a call to a service that never answers ends by itself", async () => {
  const silent = await BusConnection.open(systemBusPath());
  silent.onCall = () => {};
  const target = { destination: silent.name, path: "/", interface: "a.b", member: "C" };
  await expect(bus.call(target, 200)).rejects.toMatchObject({
    name: expect.stringMatching(/NoReply|AccessDenied/),
  });
  silent.end();
});

test("when the bus is lost, the agent ends with an error, so that systemd starts it again", async () => {
  const stateDirectory = mkdtempSync("/var/tmp/dsecos-bus-");
  const stack = createStack({ mode: "private", stateDirectory, components: ["bus"] });
  await stack.start();
  const config = join(stateDirectory, "agent.json");
  const auditDirectory = join(stateDirectory, "audit");
  mkdirSync(auditDirectory);
  const incusSocket = process.env.DSECOS_TEST_INCUS;
  writeFileSync(
    config,
    JSON.stringify({ auditDirectory, incusSocket, tpm: join(stateDirectory, "no-tpm") }),
  );
  const env = { ...process.env, ...stack.context.environment };
  const child = spawn(process.execPath, [program, "--config", config], { env });
  let output = "";
  child.stderr.on("data", (chunk) => {
    output += chunk;
    if (String(chunk).includes('"ready"')) void stack.stop();
  });
  const code = await new Promise((done) => child.once("exit", done));
  expect(code).toBe(1);
  expect(output).toContain("message bus is lost");
  removeTree(stateDirectory);
});

test("the native module usocket is not needed, and no eval is in the bundle", () => {
  expect(existsSync(resolve(import.meta.dirname, "../../node_modules/usocket/build"))).toBe(false);
  expect(readFileSync(program, "utf8")).not.toMatch(/require\(["']usocket["']\)/);
});

test("an error of the bus keeps its name", async () => {
  const call = bus.call({ destination: "no.such.Name", path: "/", interface: "a.b", member: "C" });
  await expect(call).rejects.toBeInstanceOf(BusError);
});

test("what was refused and what was done is on record", async () => {
  const viewer = await Person.as(people.viewer);
  const auditor = await Person.as(people.auditor);
  const refused = await viewer.try(audit, "Verify");
  expect(refused.error?.name).toMatch(/AccessDenied|Denied/);
  const page = (await auditor.call(audit, "List", {})) as { rows: { action: string }[] };
  expect(page.rows[0]).toMatchObject({ action: "audit.List", actor: people.auditor });
  const id = await auditor.call(audit, "Verify");
  const verified = async () => {
    const { verified } = (await auditor.call(audit, "Status")) as { verified: { job: string } };
    return verified.job === id ? verified : undefined;
  };
  await expect.poll(verified, { timeout: 20_000 }).toMatchObject({ state: "intact", errors: 0 });
  viewer.end();
  auditor.end();
});
