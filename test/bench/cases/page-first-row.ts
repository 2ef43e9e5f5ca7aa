/**
 * The Tenants page shows the first of 1,000 tenants in at most half the time that Cockpit's own
 * services page takes to show its first unit, both without the shell: on a whole node with our
 * packages, as an operator who logged in through PAM with limited access, in turns, each in a
 * fresh page. The time is from the start of the navigation until the row is painted.
 */
import { randomBytes } from "node:crypto";
import type { Page } from "puppeteer-core";
import { until } from "../../../packaging/setup/lib/wait.js";
import { NodeBed } from "../../cluster/bed.ts";
import { Console } from "../../cluster/console.ts";
import type { Node } from "../../cluster/node.ts";
import { buildPackages } from "../../cluster/packages.ts";
import { median, type Result, ratioAtMost } from "../case.ts";
import { firstPaint } from "../lib/painted.ts";
import { copyStatements, domainOf } from "../lib/tenants.ts";

const rounds = 5;
const most = 0.5;
const count = 1000;
const person = "alice";
const template = "template";

const ours = { path: "/cockpit/@localhost/dsecos/tenants.html", row: "tr[data-row]" };
const services = {
  path: "/cockpit/@localhost/system/services.html",
  row: "tr[data-goto-unit]",
};

export async function run(): Promise<Result[]> {
  const packages = await buildPackages();
  const bed = await NodeBed.open();
  try {
    const node = await bed.launch("node1");
    await install(node, packages);
    await fill(node);
    return [await compare(node)];
  } finally {
    await bed.remove();
  }
}

async function install(node: Node, packages: readonly string[]): Promise<void> {
  await node.initIncus();
  await node.push(packages, "/root/packages");
  const files = packages.map((file) => `/root/packages/${file.split("/").at(-1)}`);
  const apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--yes", "install"];
  await node.run([...apt, ...files], { seconds: 180 });
  const groups = ["--groups", "dsecos-operator", "--shell", "/bin/bash"];
  await node.run(["useradd", "--create-home", ...groups, person]);
}

/** The agent is away meanwhile, and reads all of them when it comes back. */
async function fill(node: Node): Promise<void> {
  const quota = ["--cpu", "128", "--ram", "1TB", "--storage", "50TB"];
  const create = ["dsecos", "tenants", "create", template, "--domain", domainOf(template)];
  await node.run([...create, ...quota], { as: person, seconds: 60 });
  await node.run(["systemctl", "stop", "dsecos-agent"]);
  for (const query of copyStatements(template, count - 1)) {
    await node.run(["incus", "admin", "sql", "global", query], { seconds: 180 });
  }
  await node.run(["systemctl", "start", "dsecos-agent"], { seconds: 60 });
  // Incus locks its database for half a minute at a time with so many projects.
  await until(`the agent to know ${count} tenants`, 300, () => knowsAll(node), 1000);
}

async function knowsAll(node: Node): Promise<boolean> {
  const list = ["dsecos", "tenants", "list", "--limit", "1", "--json"];
  const { code, stdout } = await node.probe(list, { as: person, seconds: 40 });
  return code === 0 && JSON.parse(stdout).total === count;
}

async function compare(node: Node): Promise<Result> {
  const password = randomBytes(12).toString("hex");
  await node.run(["chpasswd"], { input: `${person}:${password}\n` });
  const address = `https://127.0.0.1:${await node.publish(9090)}`;
  const cockpit = await Console.open();
  try {
    await cockpit.login(`${address}/`, person, password);
    // The session stays, the shell does not: it would take its share of the machine.
    await cockpit.page.goto("about:blank");
    const times: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      times[0].push(await firstPaint(cockpit.page, address + ours.path, ours.row));
      times[1].push(await servicesRow(cockpit.page, address));
    }
    console.log(`ours: ${listOf(times[0])} ms; services: ${listOf(times[1])} ms`);
    return ratioAtMost("page-first-row", "ms", median(times[0]), median(times[1]), most);
  } finally {
    await cockpit.close();
  }
}

const listOf = (values: number[]) => values.map((value) => value.toFixed(0)).join(", ");

/** Cockpit's page now and then stays blank when opened alone: said, and opened again. */
async function servicesRow(neighbour: Page, address: string): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await firstPaint(neighbour, address + services.path, services.row);
    } catch (error) {
      if (attempt === 3) throw error;
      console.log(`opened once more: ${error}`);
    }
  }
}
