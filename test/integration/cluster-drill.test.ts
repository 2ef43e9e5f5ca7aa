/** Drills over three real Incus daemons in one cluster, and the cut of a node's packets in a real kernel. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cutText } from "../../agent/cluster/drill/cut.ts";
import { drillKey, readAnnouncement } from "../../agent/cluster/drill/published.ts";
import { DrillNode } from "../lib/drill-bed.ts";
import { IncusCluster, noIncusCluster } from "../lib/incus-cluster.ts";

const patience = { timeout: 90_000, interval: 250 };
const spec = { kind: "kill", seconds: 5, reason: "the yearly one" } as const;

describe.skipIf(noIncusCluster !== "")(
  `three nodes${noIncusCluster && `: ${noIncusCluster}`}`,
  () => {
    let incus: IncusCluster;
    let nodes: DrillNode[];
    const settled = (node: DrillNode) =>
      expect
        .poll(async () => (await node.status()).nodes.map(({ incus: state }) => state), patience)
        .toEqual(["online", "online", "online"]);
    const named = (name: string) => nodes.find((node) => node.name === name) as DrillNode;
    const announced = async (node: DrillNode) => {
      const member = await node.incus.api.request("GET", `/1.0/cluster/members/${node.name}`);
      return readAnnouncement(member.config[drillKey] ?? "");
    };

    beforeAll(async () => {
      incus = await IncusCluster.start(3);
      nodes = incus.nodes.map((node) => new DrillNode(node));
    }, 180_000);

    afterAll(async () => {
      await Promise.all((nodes ?? []).map((node) => node.stop()));
      await incus?.remove();
    }, 60_000);

    test("one is refused outside of a window, and for another node", async () => {
      const [first] = nodes as [DrillNode];
      for (const node of nodes) await settled(node);
      await expect(first.begin(spec, "node2")).rejects.toThrow("order the drill of node2 there");
      await first.service.stop();
      first.start([]);
      const refused = "No maintenance window is open";
      await expect(first.begin(spec)).rejects.toThrow(refused);
      const asked = first.service.fingerprints.Drill(undefined as never, "node1", spec);
      await expect(asked).rejects.toThrow(refused);
      await first.service.stop();
      first.start();
      await settled(first);
      expect(first.away.calls).toEqual([]);
      const { window, drills, histogram } = await first.drills();
      expect({ window, drills, histogram }).toMatchObject({
        ...{ window: { open: true }, drills: [], histogram: [] },
      });
    }, 60_000);

    test("the leader goes away: all measure, it comes back, and what was found is filed", async () => {
      const leads = await Promise.all(nodes.map((node) => node.leads()));
      const leader = nodes[leads.indexOf(true)] as DrillNode;
      const others = nodes.filter((node) => node !== leader);
      const job = await leader.begin(spec);
      await expect(leader.begin(spec)).rejects.toThrow("One drill at a time");
      const [other] = others as [DrillNode];
      await expect
        .poll(async () => (await other.drills()).running?.node, patience)
        .toBe(leader.name);
      await expect(other.begin(spec)).rejects.toThrow("One drill at a time");
      await expect.poll(() => leader.job(job)?.state, patience).toBe("succeeded");
      expect(leader.away.calls).toEqual(["take kill", "back"]);
      const { drills, histogram, running } = await leader.drills();
      expect(running).toBeNull();
      expect(drills).toMatchObject([
        {
          ...{ id: job, kind: "kill", node: leader.name, leader: true, by: "otto", back: true },
          ...{ reason: spec.reason, seconds: 5, error: "", missing: [] },
        },
      ]);
      const rows = drills[0]?.nodes ?? [];
      expect(rows.map(({ node }) => node).sort()).toEqual(["node1", "node2", "node3"]);
      for (const row of rows) {
        expect(row).toMatchObject({ instances: null, storage: null, keys: null });
        // Where Incus itself was gone, at least for so long as it was kept away.
        if (row.node === leader.name) expect(row.writes).toBeGreaterThanOrEqual(5000);
        // Followers do not choose another leader before three seconds without one.
        else expect(row.writes).toBeGreaterThanOrEqual(1000);
        // Pages wait for nobody.
        expect(row.pages).toBeLessThan(row.writes ?? 0);
      }
      expect(histogram.map(({ service, where }) => `${service} ${where}`)).toEqual([
        ...["writes away", "writes others", "pages away", "pages others"],
      ]);
      expect(await announced(leader)).toMatchObject({ id: job, over: true });
      for (const node of nodes) await settled(node);
    }, 180_000);

    test("what an agent left that was killed in a drill is brought back and filed by the next", async () => {
      const node = named("node2");
      const id = "0123456789abcdef";
      const at = new Date().toISOString();
      const text = JSON.stringify({ format: 1, id, kind: "kill", at, seconds: 30, over: false });
      const path = `/1.0/cluster/members/${node.name}`;
      const { roles, groups, failure_domain, description } = await node.incus.api.request(
        "GET",
        path,
      );
      const body = { roles, groups, failure_domain, description, config: { [drillKey]: text } };
      await node.service.stop();
      await node.incus.api.request("PATCH", path, { body });
      node.away.calls.length = 0;
      await node.away.take("kill");
      node.start();
      await expect
        .poll(async () => (await node.drills()).drills[0], patience)
        .toMatchObject({
          ...{ id, node: "node2", back: true, nodes: [] },
          error: expect.stringContaining("The agent ended during the drill"),
        });
      expect(node.away.calls).toEqual(["take kill", "back"]);
      await expect.poll(() => announced(node), patience).toMatchObject({ id, over: true });
      for (const one of nodes) await settled(one);
    }, 120_000);
  },
);

const namespaces = process.getuid?.() === 0 ? "" : "needs root";

test.skipIf(namespaces !== "")(
  "the kernel drops what is not for members, and ends the cut by itself",
  async () => {
    const words = ["--net", "python3", "-c", program, cutText(["192.0.2.1", "2001:db8::/64"], 2)];
    const { stdout } = await promisify(execFile)("unshare", words, { timeout: 30_000 });
    expect(JSON.parse(stdout)).toEqual({ member: true, other: false, loopback: true, later: true });
  },
  60_000,
);

/** What is dropped on its way out fails with EPERM; it is tried until the time is over. */
const program = `
import json, socket, subprocess, sys, time
ip = lambda *words: subprocess.run(["ip", *words], check=True)
ip("link", "set", "lo", "up")
ip("link", "add", "d0", "type", "veth", "peer", "name", "d1")
ip("address", "add", "192.0.2.9/24", "dev", "d0")
ip("link", "set", "d0", "up")
ip("link", "set", "d1", "up")
ip("route", "add", "default", "dev", "d0")
subprocess.run(["nft", "-f", "-"], input=sys.argv[1].encode(), check=True)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
def goes(address):
    try:
        s.sendto(b"x", (address, 9))
        return True
    except PermissionError:
        return False
found = {"member": goes("192.0.2.1"), "other": goes("198.51.100.1"), "loopback": goes("127.0.0.1")}
end = time.monotonic() + 20
while not goes("198.51.100.1") and time.monotonic() < end:
    time.sleep(0.1)
found["later"] = goes("198.51.100.1")
print(json.dumps(found))
`;
