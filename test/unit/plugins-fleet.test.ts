/** One work at many nodes: how many at once, what is told of each, and that one does not hold up others. */
import { beforeEach, expect, test, vi } from "vitest";
import { audit } from "../../agent/audit/contract.ts";
import { node } from "../../agent/node/contract.ts";
import { selinux } from "../../agent/selinux/contract.ts";
import { commandOf } from "../../plugins/lib/command.ts";
import { PageError } from "../../plugins/lib/errors.ts";
import type { Line } from "../../plugins/lib/nodes/line.ts";
import { type Progress, runAt } from "../../plugins/overview/fleet/run.ts";
import { type Outcome, works } from "../../plugins/overview/fleet/work.ts";

beforeEach(() => {
  vi.stubGlobal("cockpit", { gettext: (text: string) => text });
});

const good: Outcome = { verdict: "good", text: "all of it" };

/** Nodes whose answers the test gives. */
function bed(count: number, ask: (node: string) => Promise<Outcome>, problem = "") {
  const nodes = Array.from({ length: count }, (_none, index) => `node${index + 1}`);
  const closed: string[] = [];
  const open = (node: string) =>
    ({ send: async () => node, problem: () => problem, close: () => closed.push(node) }) as Line;
  const told = new Map<string, Progress[]>();
  const load = async () => async (send: Line["send"]) => ask((await send({} as never)) as string);
  const run = runAt(nodes, { load }, open, (node, progress) => {
    told.set(node, [...(told.get(node) ?? []), progress]);
  });
  return { run, told, closed, nodes };
}

test("a few nodes are asked at once, and each line is closed", async () => {
  const open: (() => void)[] = [];
  const answered = () => new Promise<Outcome>((resolve) => open.push(() => resolve(good)));
  const { run, told, closed, nodes } = bed(6, answered);
  await vi.waitFor(() => expect(open).toHaveLength(4));
  expect(told.size).toBe(4);
  open[0]?.();
  await vi.waitFor(() => expect(open).toHaveLength(5));
  for (const end of open) end();
  await vi.waitFor(() => expect(open).toHaveLength(6));
  open[5]?.();
  await run.ended;
  expect(closed.sort()).toEqual(nodes);
  expect(told.get("node6")).toEqual([
    { state: "runs", done: 0, total: 0 },
    { state: "done", ...good },
  ]);
});

test("a node that refuses, and one without a way to it, are told with the reason", async () => {
  const { run, told } = bed(
    3,
    async (node) => {
      if (node === "node1") throw new PageError("Denied", "You may not.");
      if (node === "node2") throw new PageError("NoNode", "There is no way to this node.");
      return good;
    },
    "no-host",
  );
  await run.ended;
  expect(told.get("node1")?.at(-1)).toEqual({
    state: "failed",
    text: "You may not.",
    commands: [],
  });
  expect(told.get("node2")?.at(-1)).toMatchObject({
    state: "failed",
    commands: ["getent hosts node2", "ssh node2 true"],
  });
  expect(told.get("node3")?.at(-1)).toEqual({ state: "done", ...good });
});

test("once it is stopped no further node is begun", async () => {
  const open: (() => void)[] = [];
  const answered = () => new Promise<Outcome>((resolve) => open.push(() => resolve(good)));
  const { run, told } = bed(5, answered);
  await vi.waitFor(() => expect(open).toHaveLength(4));
  run.stop();
  for (const end of open) end();
  await run.ended;
  expect(open).toHaveLength(4);
  expect(told.get("node5")).toEqual([{ state: "left" }]);
});

test("each work names the command that does the same", () => {
  const members = [
    commandOf(node, "Check", []),
    commandOf(audit, "Verify", []),
    commandOf(selinux, "Prove", []),
  ];
  expect(works().map(({ command }) => command)).toEqual(members);
});
