import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Refusals } from "../../agent/bus/refusals.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const event = { action: "agent.GetCapabilities", outcome: "refused", actor: "eve" } as const;

test("a flood of refusals is recorded at a bounded rate, and what is left out is counted", async () => {
  const audit = new RecordingAudit();
  const refusals = new Refusals(audit, () => {});
  for (let i = 0; i < 1000; i++) await refusals.record({ ...event, uid: 1000 });
  await refusals.record({ ...event, uid: 1001, actor: "bob" });
  expect(audit.entries.filter(({ uid }) => uid === 1000)).toHaveLength(20);
  expect(audit.entries.filter(({ uid }) => uid === 1001)).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(audit.entries.at(-1)).toMatchObject({
    action: "bus.Suppressed",
    actor: "eve",
    details: { refusals: 980 },
  });
  await refusals.record({ ...event, uid: 1000 });
  expect(audit.entries.at(-1)).toMatchObject({ outcome: "refused", uid: 1000 });
});
