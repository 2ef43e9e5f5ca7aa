/** Uses the console of a real container as an operator does, and tries to get in as others. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { approvals } from "../../agent/approvals/contract.ts";
import { audit } from "../../agent/audit/contract.ts";
import type { Interface } from "../../agent/bus/contract.ts";
import { instances } from "../../agent/instances/contract.ts";
import { type JobRecord, job } from "../../agent/jobs/contract.ts";
import { tenants } from "../../agent/tenants/contract.ts";
import { Person } from "../lib/caller.ts";
import { people } from "../lib/test-stack.js";

const tenant = "console-agency";
const clients: ChildProcess[] = [];
let operator: Person;
let officer: Person;

beforeAll(async () => {
  operator = await Person.as(people.operator);
  officer = await Person.as(people.officer);
  const quota = { cpu: "4", ram: "1GiB", storage: "4GiB" };
  await operator.call(tenants, "Create", tenant, { domain: "console_t", quota });
  const spec = { image: "debian-13", count: 4, ram: "256MiB", storage: "1GiB" };
  const { state } = await run(instances, "Create", tenant, "web", spec);
  expect(state).toBe("succeeded");
});
afterAll(async () => {
  for (const client of clients) client.kill();
  const inputs = [tenant, true, 0];
  await operator.try(tenants, "Delete", ...inputs);
  const [request] = (await officer.call(approvals, "List")) as { id: string; hash: string }[];
  await officer.call(approvals, "Approve", request?.id, request?.hash);
  await run(tenants, "Delete", ...inputs);
  operator.end();
  officer.end();
});

async function run(contract: Interface, member: string, ...inputs: unknown[]): Promise<JobRecord> {
  const id = await operator.call(contract, member, ...inputs);
  return vi.waitFor(
    async () => {
      const record = (await operator.call(job, "Show", id)) as JobRecord;
      if (record.state === "running") throw new Error(`still ${record.step}`);
      return record;
    },
    { timeout: 60_000, interval: 50 },
  );
}

async function open(name = "web-001"): Promise<string> {
  return String(await operator.call(instances, "OpenConsole", tenant, name));
}

/** Joins a socket with its own standard input and output, and says why it could not. */
const program = `
  const socket = require("node:net").connect(process.argv[1]);
  process.stdin.pipe(socket);
  socket.pipe(process.stdout);
  socket.on("error", (error) => { console.log(error.code); process.exit(1); });
  socket.on("close", () => process.exit(0));
`;

/** A program of some user at the other end of the socket. */
function connect(user: string, path: string) {
  const id = (flag: string) => execFileSync("id", [flag, "--", user], { encoding: "utf8" }).trim();
  const args = [`--reuid=${id("-u")}`, `--regid=${id("-g")}`, "--init-groups"];
  const child = spawn("setpriv", [...args, process.execPath, "-e", program, path]);
  clients.push(child);
  child.stdin.on("error", () => undefined); // It may have ended before it reads.
  let heard = "";
  child.stdout.on("data", (chunk) => {
    heard += chunk;
  });
  return {
    type: (text: string) => child.stdin.write(text),
    leave: () => child.kill(),
    prompts: () => prompts(() => heard, child),
    hears: (pattern: RegExp) => expect.poll(() => heard, { timeout: 30_000 }).toMatch(pattern),
  };
}

/** Presses Enter now and then: a login program that is just starting throws away what came before. */
function prompts(heard: () => string, { stdin }: ChildProcess) {
  const press = () => {
    stdin?.write("\r");
    return heard();
  };
  return expect.poll(press, { timeout: 30_000, interval: 2000 }).toMatch(/login: |Password: /);
}

/** Ends of consoles that are on record, newest first. */
async function ends(): Promise<{ actor: string; details: Record<string, unknown> }[]> {
  const page = (await operator.call(audit, "ListTenant", tenant, {
    action: "instances.Console",
  })) as { rows: { actor: string; details: Record<string, unknown> }[] };
  return page.rows;
}

test("a person logs in at the console, where a wrong password is refused", async () => {
  const path = await open();
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const console = connect(people.operator, path);
  console.type("\r");
  await console.hears(/login: /);
  console.type("root\r");
  await console.hears(/Password: /);
  console.type("not the password\r");
  await console.hears(/Login incorrect/);
  expect(existsSync(path), "the socket is still there").toBe(false);
  console.leave();
  await expect
    .poll(async () => (await ends())[0], { timeout: 10_000 })
    .toMatchObject({
      actor: people.operator,
      details: { why: "left by the person", bytesIn: expect.any(Number) },
    });
  const [end] = await ends();
  expect(end?.details.bytesIn).toBe("\rroot\rnot the password\r".length);
  expect(JSON.stringify(end)).not.toContain("password");
});

test("nobody else can come in, and nobody a second time", async () => {
  const path = await open();
  const root = await Person.as("root");
  const taken = await root.try(instances, "OpenConsole", tenant, "web-001");
  root.end();
  expect(taken.error?.name).toMatch(/Conflict$/);
  expect(taken.error?.message).toContain(people.operator);
  await connect(people.viewer, path).hears(/^EACCES/);
  await connect(people.nobody, path).hears(/^EACCES/);
  const console = connect(people.operator, path);
  await console.prompts();
  await connect(people.operator, path).hears(/^(ENOENT|ECONNREFUSED)/);
  console.leave();
});

test("the same person takes over from himself", async () => {
  const first = connect(people.operator, await open());
  await first.prompts();
  const second = connect(people.operator, await open());
  await first.hears(/the console has ended: the same person opened it anew/);
  await second.prompts();
  second.leave();
});

test("at a terminal the command joins the console, and Ctrl-] leaves it", async () => {
  const program = resolve(import.meta.dirname, "../../dist/agent/dsecos.js");
  const command = `${process.execPath} ${program} instances open-console ${tenant} web-001`;
  const child = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"]);
  clients.push(child);
  const ended = new Promise((done) => child.on("exit", done));
  let heard = "";
  child.stdout.on("data", (chunk) => {
    heard += chunk;
  });
  await expect.poll(() => heard, { timeout: 30_000 }).toMatch(/Connected/);
  await prompts(() => heard, child);
  child.stdin.write("\u001d");
  expect(await ended).toBe(0);
});

test("one person has three open at most", async () => {
  const paths = await Promise.all(["web-001", "web-002", "web-003"].map(open));
  const { error } = await operator.try(instances, "OpenConsole", tenant, "web-004");
  expect(error?.name).toMatch(/Conflict$/);
  expect(error?.message).toMatch(/3 consoles/);
  for (const path of paths) {
    const console = connect(people.operator, path);
    await expect.poll(() => existsSync(path)).toBe(false);
    console.leave();
  }
});

test("it ends with the activity of the tenant", async () => {
  const console = connect(people.operator, await open("web-002"));
  await console.prompts();
  await run(tenants, "Suspend", tenant);
  await console.hears(/the console has ended: the tenant/);
  const { error } = await operator.try(instances, "OpenConsole", tenant, "web-002");
  expect(error?.message).toMatch(/suspended/);
  await run(tenants, "Resume", tenant);
});

test("it ends with the instance, says why, and there is none while that does not run", async () => {
  const console = connect(people.operator, await open());
  await console.prompts();
  await run(instances, "Stop", tenant, ["web-001"], true);
  await console.hears(/the console has ended: the instance/);
  const { error } = await operator.try(instances, "OpenConsole", tenant, "web-001");
  expect(error?.name).toMatch(/Conflict$/);
  expect(error?.message).toMatch(/does not run/);
});
