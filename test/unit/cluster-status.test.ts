import { expect, test } from "vitest";
import { createCluster } from "../../agent/cluster/service.ts";
import type { IncusClient } from "../../agent/incus/client.ts";
import { fakeSources, noJoining, ownPartsOf } from "../lib/cluster-facts.ts";
import { noDrills } from "../lib/drill-bed.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";
import { TreeLog } from "../lib/tree-log.ts";

test("while Incus does not answer, pages are told what is known", async () => {
  const audit = new RecordingAudit();
  const log = new TreeLog("dsecos.org/audit/node1/00000001").append(10);
  let asked = 0;
  // As an Incus does whose database has no leader.
  const client = {
    send: () => {
      asked++;
      return new Promise(() => undefined);
    },
  } as unknown as IncusClient;
  const service = createCluster({
    ...{ client, audit, sources: fakeSources("node1", () => 10), own: ownPartsOf(() => log) },
    remembered: async () => [],
    log: () => undefined,
    changed: () => undefined,
    drills: noDrills(audit),
    joining: noJoining,
  });
  service.start();
  const status = await service.handlers.Status(undefined as never);
  expect(status).toMatchObject({ state: "noIncus", nodes: [{ state: "own" }] });
  expect(asked).toBe(1);
});
