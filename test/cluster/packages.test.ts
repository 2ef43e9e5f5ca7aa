/**
 * The built packages on a whole node, as a person meets them: install, log in, make a tenant and a
 * container, upgrade, purge. The tests are steps of one walk and stand in its order.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { buildImage } from "../../packaging/image/build.js";
import { asWalk } from "../lib/walk.ts";
import { NodeBed } from "./bed.ts";
import { Console, click, createTenant, fill } from "./console.ts";
import type { Node } from "./node.ts";
import { packageNames, raiseVersion } from "./packages.ts";

const obstacle = process.getuid?.() === 0 ? "" : ": skipped, since system containers need root";

const operator = "alice";
const stranger = "bob";
const officer = "carol";
const password = "correct horse battery staple";
const tenant = "mod-defense";
const instance = "web1";
const key = "documents";

/** The node has no network at all: what is not in it is not there. */
const apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--yes"];

/** Another time of last use means that it was started again. */
interface InstanceRow {
  name: string;
  project: string;
  status: string;
  last_used_at: string;
}

describe.skipIf(obstacle !== "")(`a node with our packages${obstacle}`, () => {
  let bed: NodeBed;
  let node: Node;
  let cockpit: Console;
  const packages = inject("packages");
  const work = mkdtempSync(join(tmpdir(), "dsecos-packages-"));

  beforeAll(async () => {
    bed = await NodeBed.open();
    node = await bed.launch("node1");
    for (const person of [operator, stranger]) {
      await node.run(["useradd", "--create-home", "--shell", "/bin/bash", person]);
      await node.run(["chpasswd"], { input: `${person}:${password}\n` });
    }
    await node.initIncus();
  }, 900_000);

  asWalk();

  afterAll(async () => {
    await cockpit?.close();
    await bed?.remove();
    rmSync(work, { recursive: true, force: true });
  });

  /** @returns instances as the node's own Incus knows them */
  async function instances(): Promise<InstanceRow[]> {
    const words = ["incus", "list", "--all-projects", "--format", "json"];
    const rows: InstanceRow[] = JSON.parse(await node.run(words));
    return rows.map(({ name, project, status, last_used_at }) => ({
      name,
      project,
      status,
      last_used_at,
    }));
  }

  /** @returns one line for each of our packages: name, tab, version */
  async function versions(): Promise<string[]> {
    return (await node.run(["dpkg-query", "--show", ...packageNames])).trim().split("\n");
  }

  /** Fails on any line of the agent, or about it, that is worth a look. */
  async function expectQuietJournal(): Promise<void> {
    const journal = ["journalctl", "--boot", "--output=cat", "--no-pager"];
    const own = await node.run([...journal, "_SYSTEMD_UNIT=dsecos-agent.service"]);
    const lines = own.trim().split("\n");
    expect(lines.join("\n")).toContain('"message":"ready"');
    expect(lines.filter((line) => !/^\{"level":"(info|debug)",/.test(line))).toEqual([]);
    // Ends with 1 when nothing is found.
    const about = await node.probe([...journal, "--priority=warning", "--grep=dsecos"]);
    expect(about.stdout).toBe("");
  }

  async function firewall() {
    const asked = ["dsecos", "node", "firewall", "--json"];
    return JSON.parse(await node.run(asked, { as: operator }));
  }

  /** The key and its token, read back from the driver. */
  async function expectKey(): Promise<void> {
    const read = JSON.parse(await node.run(["dsecos", "hsm", "key", tenant, key, "--json"]));
    expect(read).toMatchObject({ row: { state: "active", frozen: "" }, troubles: [] });
    const message = ["--message", "@/etc/machine-id"];
    const signed = await node.run(["dsecos", "hsm", "sign", tenant, key, "Proof", ...message]);
    expect(signed).not.toBe("");
  }

  async function expectIntact(): Promise<void> {
    const job = JSON.parse(await node.run(["dsecos", "audit", "verify", "--json"]));
    expect(job).toMatchObject({ state: "succeeded" });
    const status = JSON.parse(await node.run(["dsecos", "audit", "status", "--json"]));
    expect(status.verified).toMatchObject({ state: "intact", errors: 0 });
  }

  test("installs without a network, and the sandboxed agent runs", async () => {
    await node.push(packages, "/root/packages");
    const files = packages.map((file) => `/root/packages/${file.split("/").at(-1)}`);
    await node.run([...apt, "install", ...files], { seconds: 120 });
    await node.run(["usermod", "--append", "--groups", "dsecos-operator", operator]);
    expect(await node.run(["systemctl", "is-active", "dsecos-agent"])).toBe("active\n");
    expect(await node.run(["systemctl", "is-system-running"])).toBe("running\n");
    // Tenths: no more than what the unit's last comment lists, with the reasons.
    const sandbox = ["systemd-analyze", "security", "--no-pager", "--threshold=23"];
    await node.run([...sandbox, "dsecos-agent.service"]);
  }, 180_000);

  test("starts the agent for whoever calls it, and knows the person", async () => {
    await node.run(["systemctl", "stop", "dsecos-agent"]);
    const asked = ["dsecos", "agent", "get-capabilities", "--json"];
    const known = JSON.parse(await node.run(asked, { as: operator }));
    expect(known).toMatchObject({ user: operator, roles: ["operator"], node: "node1" });
    expect(known.actions["tenants.create"]).toBe(true);
    const refused = await node.probe(asked, { as: stranger });
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain("needs the group dsecos-viewer");
  });

  test("imports an image that lies in its directory", async () => {
    const { file } = await buildImage();
    await node.push([file], "/var/lib/dsecos/images");
    const name = String(file.split("/").at(-1));
    await node.run(["dsecos", "images", "import", name, "debian-13"], {
      as: operator,
      seconds: 120,
    });
    const aliases = await node.run(["incus", "image", "alias", "list", "--format", "csv"]);
    expect(aliases).toContain("debian-13");
  }, 200_000);

  test("lets the operator in through PAM, with limited access", async () => {
    // The port of HTTPS alone, though Cockpit listened on its own before our packages came.
    const listens = await node.run(["ss", "-H", "-l", "-n", "-t", "-p"]);
    expect(listens).toMatch(/:443\s/);
    expect(listens).not.toMatch(/:9090\s/);
    const port = await node.publish(443);
    cockpit = await Console.open();
    await cockpit.login(`https://127.0.0.1:${port}/`, operator, password);
    await cockpit.page.locator("::-p-text(Limited access)").wait();
  }, 400_000);

  test("creates a tenant and a container on the page", async () => {
    const page = await cockpit.open("/dsecos/tenants");
    await createTenant(page, tenant);
    await click(page, "link", tenant);
    await click(page, "link", "Instances");
    await click(page, "button", "Create instances");
    await fill(page, "Name", instance);
    await click(page, "button", "Create");
    const running = `//tr[contains(., "${instance}")]//*[normalize-space(text())="running"]`;
    await page.locator(`::-p-xpath(${running})`).wait();
    expect(await instances()).toMatchObject([
      { name: instance, project: tenant, status: "Running" },
    ]);
    expect(cockpit.complaints).toEqual([]);
  }, 400_000);

  test("has Incus's database choose a leader sooner, and nothing that Incus starts knows of it", async () => {
    const main = ["systemctl", "show", "--value", "--property=MainPID", "incus.service"];
    const daemon = (await node.run(main)).trim();
    const maps = await node.run(["cat", `/proc/${daemon}/maps`]);
    expect(maps).toContain("/usr/lib/dsecos-incus/raft-timing.so");
    const search = "grep -lsz ^LD_PRELOAD= /proc/[0-9]*/environ; pgrep -f 'lxc monitor'";
    const [told, monitor] = (await node.run(["sh", "-c", search])).trim().split("\n");
    expect(told).toBe(`/proc/${daemon}/environ`);
    expect(Number(monitor)).toBeGreaterThan(0);
  });

  test("holds a tenant's key in a process of its own, whose secret nobody saw", async () => {
    const asked = ["dsecos", "hsm", "get-drivers", "--json"];
    const driver = async () => JSON.parse(await node.run(asked, { as: operator })).rows[0];
    await expect.poll(driver, { timeout: 30_000 }).toMatchObject({
      name: "softhsm",
      state: "ready",
      assurance: { kind: "software", validated: "no" },
      pin: { source: "credential" },
    });
    const owned = ["stat", "--format=%a %U", "/run/dsecos-hsm/softhsm.sock"];
    expect(await node.run(owned)).toBe("600 root\n");
    const secret = "/etc/credstore.encrypted/hsm-softhsm";
    expect(await node.run(["stat", "--format=%a %U", secret])).toBe("600 root\n");
    // Tenths: no more than what the unit's last comment lists, with the reasons.
    const sandbox = ["systemd-analyze", "security", "--no-pager", "--threshold=2"];
    await node.run([...sandbox, "dsecos-hsm@softhsm.service"]);
    const processes = await node.run(["ps", "-o", "user=,args=", "-u", "dsecos-hsm"]);
    expect(processes.trim().split("\n")).toHaveLength(2);

    await node.run(["dsecos", "hsm", "create-token", tenant, "softhsm"]);
    const make = ["dsecos", "hsm", "create-key", tenant, "--name", key, "--algorithm", "P-384"];
    await node.run(make);
    await expectKey();
  }, 60_000);

  test("has the acts on record, under the name of the person", async () => {
    await expectIntact();
    const { rows } = JSON.parse(await node.run(["dsecos", "audit", "list", "--json"]));
    const act = { action: "tenants.Create", actor: operator, tenant, loginuid: 1000 };
    expect(rows).toContainEqual(expect.objectContaining({ ...act, outcome: "intent" }));
    expect(rows).toContainEqual(expect.objectContaining({ ...act, outcome: "success" }));
  });

  test("keeps all of it through an upgrade", async () => {
    const before = await instances();
    const newer = await raiseVersion(packages, work);
    await node.push(newer, "/root/newer");
    const files = newer.map((file) => `/root/newer/${file.split("/").at(-1)}`);
    await node.run([...apt, "install", ...files], { seconds: 120 });
    for (const line of await versions()) expect(line).toMatch(/\+newer1$/);
    expect(await node.run(["systemctl", "is-active", "dsecos-agent"])).toBe("active\n");
    const known = await node.run(["dsecos", "tenants", "list", "--json"], { as: operator });
    expect(known).toContain(tenant);
    expect(await instances()).toEqual(before);
    await expectKey();
    await expectIntact();
  }, 180_000);

  test("loads the packet filter from its sandbox, with a second person", async () => {
    await node.run(["useradd", "--groups", "dsecos-officer", "--shell", "/bin/bash", officer]);
    const { state, declared } = await firewall();
    expect(state).toBe("off");
    const apply = ["dsecos", "node", "apply-firewall", declared.policy];
    expect((await node.probe(apply)).stderr).toContain("second person");
    const [asked] = JSON.parse(await node.run(["dsecos", "approvals", "list", "--json"]));
    const approve = ["dsecos", "approvals", "approve", asked.id, asked.hash];
    await node.run(approve, { as: officer });
    await node.run(apply);
    await node.run(["dsecos", "node", "confirm-firewall", declared.policy]);
    expect(await firewall()).toMatchObject({ state: "loaded", drift: [] });
  }, 60_000);

  test("comes up again after a power cut, even while somebody knocks at Cockpit", async () => {
    const { hostname, port } = new URL(cockpit.page.url());
    await cockpit.close();
    await expectQuietJournal();
    const knocking = setInterval(() => {
      const knock = connect(Number(port), hostname, () => setTimeout(() => knock.destroy(), 200));
      knock.on("error", () => knock.destroy()); // nobody there yet
    }, 50);
    try {
      await node.restart();
    } finally {
      clearInterval(knocking);
    }
    // Cockpit's own units find a cycle then, which our drop-in breaks.
    const asked = ["systemctl", "is-active", "cockpit.socket", "dsecos-agent.service"];
    expect(await node.run(asked)).toBe("active\nactive\n");
    expect(await firewall()).toMatchObject({ state: "loaded", drift: [] });
    await node.run(["nft", "delete", "table", "inet", "dsecos"]);
    await node.run(["rm", "-r", "/var/lib/dsecos/firewall"]);
    const known = await node.run(["dsecos", "tenants", "list", "--json"], { as: operator });
    expect(known).toContain(tenant);
    await expect.poll(instances, { timeout: 30_000 }).toMatchObject([{ status: "Running" }]);
    await expectKey();
    await expectQuietJournal();
  }, 120_000);

  // After the last look at the journal, since a closed way out is rightly complained about.
  test("has its log signed by a witness, once its unit is opened", async () => {
    const write = (path: string, input: string) => node.run(["tee", path], { input });
    const read = (path: string) => node.run(["cat", path]);
    const witnesses = async () =>
      JSON.parse(await node.run(["dsecos", "audit", "status", "--json"])).witnesses;

    await node.run(["systemctl", "start", "dsecos-witness"]);
    await node.run(["systemd-analyze", "security", "--threshold=11", "dsecos-witness.service"]);
    const { keys } = JSON.parse(await read("/var/lib/dsecos/audit/log.json"));
    await write("/etc/dsecos-witness/logs", `${keys[0].vkey}\n`);
    const vkey = ["cat", "/var/lib/dsecos-witness/witness.vkey"];
    await expect.poll(async () => (await node.probe(vkey)).code, { timeout: 30_000 }).toBe(0);
    const key = (await node.run(vkey)).trim();
    const config = JSON.parse(await read("/etc/dsecos/agent.json"));
    const witness = { url: "http://127.0.0.1:8743", key };
    await write("/etc/dsecos/agent.json", JSON.stringify({ ...config, witnesses: [witness] }));
    await node.run(["systemctl", "restart", "dsecos-agent"]);
    const closed = "the agent's unit does not let it; see network.conf among its examples";
    await expect
      .poll(witnesses, { timeout: 30_000 })
      .toMatchObject({ state: "warning", text: expect.stringContaining(closed) });

    const example = await read("/usr/share/doc/dsecos-agent/examples/network.conf");
    const opened = example.replace("#IPAddressAllow=192.0.2.10", "IPAddressAllow=127.0.0.1");
    expect(opened).not.toBe(example);
    const dropIns = "/etc/systemd/system/dsecos-agent.service.d";
    await node.run(["mkdir", dropIns]);
    await write(`${dropIns}/network.conf`, opened);
    await node.run(["systemctl", "daemon-reload"]);
    await node.run(["systemctl", "restart", "dsecos-agent"]);
    await expect.poll(witnesses, { timeout: 30_000 }).toMatchObject({ state: "ok" });
    await node.run(["rm", "-r", dropIns]);
  }, 120_000);

  // After the last look at the journal, since an Incus that is away is rightly complained about.
  test("brings Incus back from a drill, whatever becomes of the agent, and nothing that runs ends", async () => {
    const states = async () => {
      const asked = ["systemctl", "is-active", "incus.service", "incus.socket"];
      return (await node.probe(asked)).stdout.trim().split("\n");
    };
    const back = () => expect.poll(states, { timeout: 60_000 }).toEqual(["active", "active"]);
    const isAway = async () => expect(await states()).not.toContain("active");
    const before = await instances();
    await node.run(["systemctl", "start", "dsecos-drill@SIGKILL"], { seconds: 60 });
    await isAway();
    // The next agent finds what the one before left.
    await node.run(["systemctl", "restart", "dsecos-agent"]);
    await back();

    const unit = "/run/systemd/system/dsecos-drill@.service.d";
    await node.run(["mkdir", unit]);
    const input = "[Service]\nRuntimeMaxSec=4\n";
    await node.run(["tee", `${unit}/short.conf`], { input });
    await node.run(["systemctl", "daemon-reload"]);
    await node.run(["systemctl", "start", "dsecos-drill@SIGTERM"], { seconds: 60 });
    await isAway();
    await node.run(["systemctl", "kill", "--signal=SIGKILL", "dsecos-agent"]);
    await back();
    expect(await instances()).toEqual(before);
    await node.run(["rm", "-r", unit]);
    await node.run(["systemctl", "daemon-reload"]);
    await node.run(["systemctl", "reset-failed"]);
  }, 120_000);

  test("leaves nothing but the record and the keys when it is purged", async () => {
    const { stdout } = await node.probe(["dpkg-query", "--listfiles", ...packageNames]);
    const files = [...new Set(stdout.split("\n"))].filter((path) => path.includes("dsecos"));
    expect(files.length).toBeGreaterThan(20);
    const said = await node.run([...apt, "purge", ...packageNames], { seconds: 120 });
    expect(said).toContain("The audit record in /var/lib/dsecos/audit was kept.");
    const tokens = "/var/lib/dsecos-hsm/softhsm/tokens";
    expect(said).toContain(`The tokens in ${tokens} and the secret that opens them were kept.`);
    expect(await node.run(["ls", tokens])).not.toBe("");
    await node.run(["test", "-s", "/etc/credstore.encrypted/hsm-softhsm"]);
    const left = await node.probe(["ls", "-d", "--", ...files, "/etc/dsecos"]);
    expect(left.stdout).toBe("");
    expect(await node.run(["ls", "/var/lib/dsecos"])).toBe("audit\n");
    const traces = ["find", "/etc", "/usr", "/var/lib/systemd", "-xdev", "-name", "*dsecos*"];
    expect(await node.run(traces)).toBe("");
    expect(await node.run(["systemctl", "is-system-running"])).toBe("running\n");
    // What the tenants run is Incus's, and goes on.
    expect(await instances()).toMatchObject([{ name: instance, status: "Running" }]);
  }, 120_000);
});
