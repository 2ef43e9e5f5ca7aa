/**
 * Three nodes from the built packages, as people meet them: a cluster is formed and joined through their
 * packet filters, a tenant made on one is true on another, and one of them loses its power. The tests
 * are steps of one walk and stand in its order.
 */
import type { Frame } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { ApprovalRecord } from "../../agent/approvals/contract.ts";
import type { ClusterStatus } from "../../agent/cluster/answers.ts";
import { asWalk } from "../lib/walk.ts";
import { NodeBed } from "./bed.ts";
import { Console, click, createTenant } from "./console.ts";
import type { CommandOptions, Node } from "./node.ts";

const obstacle = process.getuid?.() === 0 ? "" : ": skipped, since system containers need root";

const operator = "alice";
const officer = "carol";
const password = "correct horse battery staple";
const addresses = ["10.77.0.1", "10.77.0.2", "10.77.0.3"] as const;
const patience = { timeout: 60_000, interval: 1_000 };

/** Containers have no other kind of pool, which is told of each tenant; nothing else may be. */
const dirOnly = expect.stringContaining("The pool default (dir)");

const apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--yes"];

describe.skipIf(obstacle !== "")(`three nodes with our packages${obstacle}`, () => {
  let bed: NodeBed;
  let nodes: [Node, Node, Node];
  let cockpit: Console;
  let page: Frame;

  beforeAll(async () => {
    bed = await NodeBed.open();
    const packages = inject("packages");
    const booting = addresses.map((address, i) => bed.launch(`node${i + 1}`, `${address}/24`));
    nodes = (await Promise.all(booting)) as typeof nodes;
    await Promise.all(nodes.map((node) => prepare(node, packages)));
  }, 900_000);

  asWalk();

  afterAll(async () => {
    await cockpit?.close();
    await bed?.remove();
  }, 120_000);

  async function prepare(node: Node, packages: readonly string[]): Promise<void> {
    await node.push(packages, "/root/packages");
    const files = packages.map((file) => `/root/packages/${file.split("/").at(-1)}`);
    await node.run([...apt, "install", ...files], { seconds: 240 });
    for (const [person, group] of [
      [operator, "dsecos-operator"],
      [officer, "dsecos-officer"],
    ] as const) {
      const made = ["useradd", "--create-home", "--shell", "/bin/bash", "--groups", group];
      await node.run([...made, person]);
      await node.run(["chpasswd"], { input: `${person}:${password}\n` });
    }
    await node.initIncus();
  }

  const json = async (node: Node, words: readonly string[], options: CommandOptions = {}) =>
    JSON.parse(await node.run(["dsecos", ...words, "--json"], options));

  /** What root asks for and an officer agrees to. @returns what it printed */
  async function agreed(node: Node, words: string[], options: CommandOptions = {}) {
    const asked = await node.probe(["dsecos", ...words], options);
    expect(asked.stderr).toContain("second person");
    const requests: ApprovalRecord[] = await json(node, ["approvals", "list"]);
    const request = requests.find(({ state }) => state === "pending") as ApprovalRecord;
    const approve = ["dsecos", "approvals", "approve", request.id, request.hash];
    await node.run(approve, { as: officer });
    return node.run(["dsecos", ...words], { seconds: 120, ...options });
  }

  const status = (node: Node): Promise<ClusterStatus> => json(node, ["cluster", "status"]);
  const states = async (node: Node) =>
    (await status(node)).nodes.map(({ name, state, log }) => `${name} ${state} ${log.state}`);
  const tenant = async (node: Node, name: string) =>
    (await json(node, ["tenants", "list"], { as: operator })).rows.find(
      (row: { name: string }) => row.name === name,
    );

  test("let each other in through their packet filters, and nobody else", async () => {
    const load = async (node: Node, own: string) => {
      const members = addresses.filter((address) => address !== own);
      const config = JSON.parse(await node.run(["cat", "/etc/dsecos/agent.json"]));
      const input = JSON.stringify({ ...config, firewall: { members } });
      await node.run(["tee", "/etc/dsecos/agent.json"], { input });
      await node.run(["systemctl", "restart", "dsecos-agent"]);
      const { declared } = await json(node, ["node", "firewall"]);
      await agreed(node, ["node", "apply-firewall", declared.policy]);
      await node.run(["dsecos", "node", "confirm-firewall", declared.policy]);
    };
    await Promise.all(nodes.map((node, i) => load(node, addresses[i] as string)));
  }, 120_000);

  test("become a cluster, each by an invitation and two people", async () => {
    const [first, ...others] = nodes;
    await agreed(first, ["cluster", "init", "node1", addresses[0]]);
    for (const [i, node] of others.entries()) {
      const { name } = node;
      const invitation = await agreed(first, ["cluster", "invite", name]);
      const given = { input: invitation };
      const where = [name, addresses[i + 1] as string];
      const asked = ["cluster", "check-join", ...where, "--invitation", "-"];
      const found = await json(node, asked, given);
      const verdicts = found.checks.map(
        ({ id, verdict }: { id: string; verdict: string }) => `${id} ${verdict}`,
      );
      expect(verdicts).toEqual(
        expect.arrayContaining(["versions good", "own good", "address good", "firewall good"]),
      );
      const told = await agreed(
        node,
        ["cluster", "join", ...where, found.cluster, "--invitation", "-"],
        given,
      );
      expect(told).toContain("succeeded");
      const { secret } = JSON.parse(Buffer.from(JSON.parse(invitation).token, "base64").toString());
      // Nobody finds it in what is kept.
      for (const one of [first, node]) {
        const places = ["/var/lib/dsecos", "/var/log", "/run/log"];
        expect((await one.probe(["grep", "-rlF", secret, ...places])).stdout).toBe("");
      }
    }
    for (const node of nodes) {
      const all = nodes.map(({ name }) =>
        name === node.name ? `${name} own own` : `${name} fresh witnessed`,
      );
      await expect.poll(() => states(node), patience).toEqual(all);
    }
  }, 240_000);

  test("have a tenant that was made on one true on another", async () => {
    const [first, , third] = nodes;
    cockpit = await Console.open();
    await cockpit.login(`https://127.0.0.1:${await first.publish(443)}/`, operator, password);
    await cockpit.page.locator("::-p-text(Limited access)").wait();
    page = await cockpit.open("/dsecos/tenants");
    await createTenant(page, "mod-defense");
    await expect
      .poll(() => tenant(third, "mod-defense"), patience)
      .toMatchObject({ state: "active", quota: { cpu: "4" }, notYetTrue: [dirOnly] });
    // Its agent has put it on record by itself.
    await expect
      .poll(
        async () => (await json(third, ["audit", "list", "--tenant", "mod-defense"])).rows,
        patience,
      )
      .toContainEqual(expect.objectContaining({ action: "state.Tenant", node: "node3" }));
    expect(cockpit.complaints).toEqual([]);
  }, 400_000);

  test("are acted on from the page of another, under the person's name", async () => {
    const [first, second] = nodes;
    await trustBySsh(first, second);
    // In the cockpit's shell, as from a link of the overview.
    page = await cockpit.open("/dsecos/tenants#/?node=node2");
    await page.waitForSelector("::-p-text(You act on the node node2.)");
    await createTenant(page, "mod-finance", "finance_t");
    await expect
      .poll(() => tenant(first, "mod-finance"), patience)
      .toMatchObject({ state: "active" });
    const acts = async (node: Node) =>
      (await json(node, ["audit", "list", "--action", "tenants.Create"])).rows.filter(
        (row: { tenant: string; outcome: string }) => row.tenant === "mod-finance",
      );
    expect(await acts(second)).toContainEqual(
      expect.objectContaining({ actor: operator, outcome: "success", node: "node2" }),
    );
    expect(await acts(first)).toEqual([]);
    expect(cockpit.complaints).toEqual([]);
  }, 400_000);

  test("tell on the page of a tenant where it is not true yet", async () => {
    await page.locator(`::-p-aria([role="button"][name="Back to node1"])`).click();
    await page.waitForFunction(() => !location.hash.includes("node="));
    await click(page, "link", "mod-defense");
    for (const node of ["node2", "node3"]) {
      const told = `//li[contains(., "${node}") and contains(., "1 thing is not true yet.")]`;
      await page.waitForSelector(`::-p-xpath(${told})`);
    }
  }, 400_000);

  test("go on when one loses its power, which all see, and which catches up", async () => {
    const [first, second, third] = nodes;
    await second.kill();
    // Each answer on the way is whole: who is there is told as such, whatever the third does.
    await expect
      .poll(() => states(first), { timeout: 45_000, interval: 500 })
      .toEqual(["node1 own own", "node2 silent witnessed", "node3 fresh witnessed"]);
    const make = ["dsecos", "tenants", "create", "mod-interior", "--domain", "interior_t"];
    await third.run([...make, "--cpu", "2", "--ram", "1GiB", "--storage", "10GiB"], {
      as: operator,
      seconds: 60,
    });
    const unheard = `//li[contains(., "node2") and contains(., "It is not heard of")]`;
    await page.waitForSelector(`::-p-xpath(${unheard})`, { timeout: 45_000 });
    expect(await tenant(first, "mod-interior")).toMatchObject({ state: "active" });

    await second.start();
    await expect
      .poll(() => tenant(second, "mod-interior"), patience)
      .toMatchObject({ state: "active", notYetTrue: [dirOnly] });
    await expect
      .poll(() => states(first), patience)
      .toEqual(["node1 own own", "node2 fresh witnessed", "node3 fresh witnessed"]);
    const { text } = (await status(first)).nodes.find(({ name }) => name === "node2") ?? {};
    expect(text).not.toContain("audit log");
  }, 240_000);

  /** As an administrator does it before people act across nodes: a key, and the other's known. */
  async function trustBySsh(from: Node, to: Node): Promise<void> {
    const home = `/home/${operator}/.ssh`;
    const made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", `${home}/id_ed25519`];
    await from.run(["mkdir", "--mode=700", home], { as: operator });
    await from.run(made, { as: operator });
    const key = await from.run(["cat", `${home}/id_ed25519.pub`], { as: operator });
    await to.run(["mkdir", "--mode=700", home], { as: operator });
    await to.run(["tee", `${home}/authorized_keys`], { as: operator, input: key });
    const host = await to.run(["cat", "/etc/ssh/ssh_host_ed25519_key.pub"]);
    const [type, value] = host.split(" ");
    const input = `node2 ${type} ${value}\n`;
    await from.run(["tee", "--append", "/etc/hosts"], { input: `${addresses[1]} node2\n` });
    await from.run(["tee", "/etc/ssh/ssh_known_hosts"], { input });
  }
});
