/** To which node a page opens its channels. */
import { beforeEach, expect, test, vi } from "vitest";
import { agent } from "../../agent/agent/contract.ts";

interface Opened {
  host: string | undefined;
  member: string;
  resolve: (reply: unknown[]) => void;
}

let opened: Opened[];
let client: typeof import("../../plugins/lib/client.ts").client;
let host: typeof import("../../plugins/lib/host.ts");

/** A bus whose calls the test answers itself. */
async function openPage(options: Record<string, string>): Promise<void> {
  vi.resetModules();
  opened = [];
  vi.stubGlobal("cockpit", {
    gettext: (text: string) => text,
    location: { path: [], options, replace: vi.fn() },
    dbus: (_name: string, { host }: { host?: string }) => ({
      call: (_path: string, _iface: string, member: string) =>
        new Promise<unknown[]>((resolve) => opened.push({ host, member, resolve })),
      addEventListener: () => undefined,
      close: () => undefined,
    }),
  });
  ({ client } = await import("../../plugins/lib/client.ts"));
  host = await import("../../plugins/lib/host.ts");
}

const node = (name: string) => ({ name, state: "fresh", verdict: "good", facts: null });
const nodes = (...names: string[]) => [JSON.stringify({ node: "node1", nodes: names.map(node) })];
const asked = (count: number) => vi.waitFor(() => expect(opened).toHaveLength(count));

beforeEach(() => vi.unstubAllGlobals());

test("no channel goes to another node before its own has said that it is a member", async () => {
  await openPage({ node: "node2" });
  const calls = [client(agent).GetCapabilities(), client(agent).GetCapabilities()];
  for (const call of calls) call.catch(() => undefined);
  await asked(1);
  expect(opened[0]).toMatchObject({ host: undefined, member: "Status" });
  opened[0]?.resolve(nodes("node1", "node2"));
  await asked(3);
  expect(opened.slice(1)).toMatchObject([
    { host: "node2", member: "GetCapabilities" },
    { host: "node2", member: "GetCapabilities" },
  ]);
});

test.each(["evil.example", "localhost"])("%s is no node, and nothing goes there", async (name) => {
  await openPage({ node: name });
  const call = client(agent).GetCapabilities();
  await asked(1);
  opened[0]?.resolve(nodes("node1", "node2", ...(name === "localhost" ? [name] : [])));
  await expect(call).rejects.toMatchObject({ code: "NotFound" });
  expect(opened).toHaveLength(1);
});

test.each(["-oProxyCommand=id", "a b", "node2:22", "root@node2", ""])(
  "“%s” is no name, so the page stays where it is",
  async (name) => {
    await openPage({ node: name });
    client(agent)
      .GetCapabilities()
      .catch(() => undefined);
    await asked(1);
    expect(opened[0]).toMatchObject({ host: undefined, member: "GetCapabilities" });
    expect(host.withNode("audit.html#/")).toBe("audit.html#/");
  },
);

test("the node goes along to other pages, and one can be named", async () => {
  await openPage({ node: "node2" });
  expect(host.withNode("audit.html#/")).toBe("audit.html#/?node=node2");
  expect(host.withNode("audit.html#/?action=x")).toBe("audit.html#/?action=x&node=node2");
  expect(host.withNode("audit.html#/", "node3")).toBe("audit.html#/?node=node3");
});

test("every reason why there is no way has a sentence and what to do", async () => {
  await openPage({});
  const { troubleOf } = await import("../../plugins/lib/nodes/trouble.ts");
  const problems = ["", "no-host", "unknown-hostkey", "invalid-hostkey", "authentication-failed"];
  const told = [...problems, "no-cockpit", "access-denied"].map((one) => troubleOf(one, "node2"));
  expect(new Set(told.map(({ text }) => text)).size).toBe(7);
  for (const { text, commands } of told) {
    expect(text).toContain("node2");
    expect(commands).not.toEqual([]);
  }
  expect(troubleOf("terminated", "node2").text).toContain("connects again by itself");
});
