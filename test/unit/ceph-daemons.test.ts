/** Daemons are knocked at: who greets, who takes the connection and says nothing, who is gone. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { knock } from "../../agent/ceph/daemons/knock.ts";
import { type Listener, listenersQuestion } from "../../agent/ceph/daemons/question.ts";
import { DaemonWatch } from "../../agent/ceph/daemons/watch.ts";
import { ClusterFacts } from "../../agent/ceph/facts/facts.ts";
import type { CephStatus } from "../../agent/ceph/link/types.ts";

const patience = { timeout: 30_000, interval: 20 };
const greeting = "ceph v2\n\x10\0\x01\0";
const servers: { server: Server; sockets: Set<Socket> }[] = [];

/** Something that listens: `says` is what it greets with, undefined where it hangs. */
async function listening(says: () => string | undefined, host = "127.0.0.1", port = 0) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}); // whoever knocks hangs up
    const words = says();
    if (words !== undefined) socket.write(words);
  });
  servers.push({ server, sockets });
  server.listen(port, host);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function close(): Promise<void> {
  for (const { server, sockets } of servers.splice(0)) {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  }
}
afterEach(close);

describe("a knock", () => {
  test.each([
    ["the newer protocol", greeting, "answers"],
    ["the older protocol", "ceph v027", "answers"],
    ["nothing", undefined, "silent"],
    ["something else", "HTTP/1.1 400 Bad Request", "silent"],
  ])("at what says %s", async (_what, says, outcome) => {
    const port = await listening(() => says);
    expect(await knock(`127.0.0.1:${port}`, 300)).toBe(outcome);
  });

  test("at a port where nothing listens any more, and at an address of IPv6", async () => {
    const port = await listening(() => greeting, "::1");
    expect(await knock(`[::1]:${port}`, 5000)).toBe("answers");
    await close();
    expect(await knock(`[::1]:${port}`, 5000)).toBe("refuses");
  });

  test("at a network that there is not", async () => {
    // No connection can be made to everybody at once.
    expect(await knock("255.255.255.255:6800", 300)).toBe("unreached");
  });
});

const ready: CephStatus = { state: "ready", since: "", reason: "", version: "", fsid: "" };

function watching(listeners: Listener[]) {
  let status = ready;
  let told = 0;
  const watch = new DaemonWatch({
    link: { status: () => status, onChanged: () => {} },
    facts: { ask: async () => listeners as never },
    log: (_level, message) => expect(message).toBe(""),
    pace: { everyMs: 50, deadlineMs: 400 },
    changed: () => {
      told += 1;
    },
  });
  const silent = () => watch.report().knocks.silent.map(({ daemon, how }) => `${daemon} ${how}`);
  return {
    ...{ watch, silent, told: () => told },
    become: (next: CephStatus) => {
      status = next;
    },
  };
}

const at = (name: string, port: number): Listener => ({
  ...{ name, kind: name.split(".")[0] as Listener["kind"], host: "", suspect: false },
  address: `127.0.0.1:${port}`,
});

describe("the watch", () => {
  test("names who hangs and who ended, with what to do, and takes it back alone", async () => {
    let hangs = false;
    const first = await listening(() => (hangs ? undefined : greeting));
    const second = await listening(() => greeting);
    const { watch, silent, told } = watching([at("osd.3", first), at("mds.a", second)]);
    await vi.waitFor(() => expect(watch.report().knocks.answering).toBe(2), patience);
    expect(silent()).toEqual([]);
    hangs = true;
    const [, ended] = servers;
    for (const socket of ended?.sockets ?? []) socket.destroy();
    ended?.server.close();
    await vi.waitFor(() => expect(silent()).toEqual(["mds.a refuses", "osd.3 silent"]), patience);
    expect(told()).toBeGreaterThan(0);
    const [mds, osd] = watch.report().knocks.silent;
    expect(mds).toMatchObject({
      title: "mds.a does not run",
      command: "systemctl start ceph-mds@a",
    });
    expect(osd).toMatchObject({ title: "osd.3 hangs", command: "systemctl restart ceph-osd@3" });
    hangs = false;
    await listening(() => greeting, "127.0.0.1", second);
    await vi.waitFor(() => expect(silent()).toEqual([]), patience);
    watch.stop();
  });

  test("calls nobody silent whom this node never reached", async () => {
    const unknown = { ...at("osd.1", 6800), address: "255.255.255.255:6800" };
    const { watch } = watching([unknown]);
    await vi.waitFor(() => expect(watch.report().knocks.tried).toBe(1), patience);
    expect(watch.report().knocks).toMatchObject({ daemons: 1, answering: 0, silent: [] });
    watch.stop();
  });

  test("says of monitors without a quorum which of them are away", async () => {
    const [first, second] = [await listening(() => greeting), await listening(() => greeting)];
    const hung = await listening(() => undefined);
    const monitors = [at("mon.a", first), at("mon.b", second), at("mon.c", hung)];
    const { watch, silent, become } = watching(monitors);
    await vi.waitFor(() => expect(silent()).toEqual(["mon.c silent"]), patience);
    expect(watch.report().reason).toBe("");
    become({ ...ready, state: "noQuorum", reason: "No monitor answers." });
    expect(watch.report().reason).toMatch(/^mon\.c of 3 monitors is away; the other 2 settle/);
    servers[1]?.server.close();
    await vi.waitFor(() => expect(silent()).toEqual(["mon.c silent", "mon.b refuses"]), patience);
    expect(watch.report().reason).toMatch(/^Only 1 of 3 monitors answer this node/);
    become(ready);
    expect(watch.report().state).toBe("noQuorum");
    watch.stop();
  });
});

test("who is knocked at: what the maps call up, by the newer protocol, and whom others complain of", () => {
  const facts = new ClusterFacts();
  const put = (name: Parameters<ClusterFacts["put"]>[0], value: unknown) =>
    facts.put(name, "", Buffer.from(JSON.stringify(value)));
  const listens = (...addrs: [string, string][]) => ({
    addrvec: addrs.map(([type, addr]) => ({ type, addr, nonce: 1 })),
  });
  const osd = (id: number, up: number) => ({
    ...{ osd: id, uuid: "", up, in: 1, weight: 1, state: [] },
    public_addrs: listens(["v1", `192.0.2.${id}:6801`], ["v2", `192.0.2.${id}:6800`]),
    cluster_addrs: listens(),
  });
  put("osdmap", {
    ...{ epoch: 1, fsid: "", created: "", flags_set: [], full_ratio: 1, nearfull_ratio: 1 },
    ...{ backfillfull_ratio: 1, require_osd_release: "", pools: [], erasure_code_profiles: {} },
    osds: [osd(1, 1), osd(2, 0), osd(3, 1)],
  });
  put("monmap", {
    epoch: 1,
    mons: [{ rank: 0, name: "a", public_addrs: listens(["v1", "[2001:db8::7]:6789"]) }],
  });
  put("mgrmap", {
    ...{ active_name: "x", active_addrs: listens(["v2", "192.0.2.9:0"]), available: true },
    ...{ standbys: [], modules: [] },
  });
  put("fsmap", { standbys: [], filesystems: [] });
  put("health", {
    status: "HEALTH_WARN",
    checks: {
      SLOW_OPS: {
        severity: "HEALTH_WARN",
        summary: { message: "slow" },
        detail: [{ message: "daemons [osd.3,osd.12] have slow ops." }],
      },
    },
  });
  expect(
    listenersQuestion.answer(facts).map(({ name, address, suspect }) => [name, address, suspect]),
  ).toEqual([
    ["mon.a", "[2001:db8::7]:6789", false],
    ["osd.1", "192.0.2.1:6800", false],
    ["osd.3", "192.0.2.3:6800", true],
  ]);
});
