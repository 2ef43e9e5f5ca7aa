import { expect, test, vi } from "vitest";
import { createCluster } from "../../agent/cluster/service.ts";
import type { IncusClient } from "../../agent/incus/client.ts";
import { fakeSources, noJoining, ownPartsOf } from "../lib/cluster-facts.ts";
import { noDrills } from "../lib/drill-bed.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";
import { TreeLog } from "../lib/tree-log.ts";

const log = new TreeLog("dsecos.org/audit/node1/00000001").append(10);

/** A service over an Incus that does not answer, as one does whose database has no leader. */
function unanswered(asked: () => void, sources = fakeSources("node1", () => 10)) {
  const audit = new RecordingAudit();
  const client = {
    send: () => {
      asked();
      return new Promise(() => undefined);
    },
  } as unknown as IncusClient;
  return createCluster({
    ...{ client, audit, sources, own: ownPartsOf(() => log) },
    remembered: async () => [],
    log: () => undefined,
    changed: () => undefined,
    drills: noDrills(audit),
    joining: noJoining,
  });
}

test("while Incus does not answer, pages are told what is known", async () => {
  let asked = 0;
  const service = unanswered(() => asked++);
  service.start();
  const status = await service.handlers.Status(undefined as never);
  expect(status).toMatchObject({ state: "noIncus", nodes: [{ state: "own" }] });
  expect(asked).toBe(1);
});

test("a node that hears of nobody looks at itself once somebody asked", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
  try {
    const sources = fakeSources("node1", () => 10);
    const looked = vi.spyOn(sources, "node");
    const service = unanswered(() => undefined, sources);
    service.start();
    const all = { node: "", cursor: "", limit: 10 };
    const history = () => service.handlers.History(undefined as never, all);
    await history();
    const before = looked.mock.calls.length;
    vi.advanceTimersByTime(45_000);
    await vi.waitFor(() => expect(looked.mock.calls.length).toBeGreaterThan(before));
    const { trends } = await history();
    expect(trends).toMatchObject([{ node: expect.any(String) }]);
    expect(trends[0]?.cpu.at(-1)).toBe(25);
  } finally {
    vi.useRealTimers();
  }
});
