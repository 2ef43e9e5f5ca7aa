/** What was measured, beside what the TPM has and what was accepted. No input or output. */
import { hash } from "node:crypto";
import { canonical } from "../../audit/canonical.ts";
import { type AcceptedBoot, type BootEvent, type BootReport, judgedPcrs } from "./answers.ts";
import { extendsRegister, type MeasuredEvent, replay } from "./log.ts";
import { describe, registerName, typeName } from "./words.ts";

export type Measured = Pick<BootReport, "registers" | "events" | "gone" | "hash">;

/**
 * @param values of the TPM’s SHA-256 registers; all of `judgedPcrs`
 * @param accepted undefined where no start was
 */
export function judge(
  log: readonly MeasuredEvent[],
  values: ReadonlyMap<number, Buffer>,
  accepted: AcceptedBoot | undefined,
): Measured {
  const replayed = replay(log, judgedPcrs);
  const expected = new Map(accepted?.registers.map(({ pcr, value }) => [pcr, value]));
  const registers = judgedPcrs.map((pcr) => {
    const value = values.get(pcr)?.toString("hex") ?? "";
    const explained = replayed.get(pcr)?.toString("hex") === value;
    return { pcr, holds: registerName(pcr), value, explained, expected: expected.get(pcr) ?? "" };
  });
  const events = eventsOf(log);
  const before = counted(accepted?.events ?? []);
  const shown = events.map((event) => ({
    ...event,
    isNew: accepted !== undefined && !take(before, event),
  }));
  const now = counted(events);
  const gone = (accepted?.events ?? []).filter((event) => !take(now, event));
  const isWhole = registers.every(({ value, explained }) => value !== "" && explained);
  const hashed = registers.map(({ pcr, value }) => ({ pcr, value }));
  return { registers, events: shown, gone, hash: isWhole ? hash("sha256", canonical(hashed)) : "" };
}

function eventsOf(log: readonly MeasuredEvent[]): BootEvent[] {
  return log
    .filter((event) => extendsRegister(event) && judgedPcrs.includes(event.pcr))
    .map((event) => ({
      pcr: event.pcr,
      type: typeName(event.type),
      digest: event.digest.toString("hex"),
      what: describe(event),
    }));
}

/** How often each is there: the same thing may be measured twice. */
function counted(events: readonly BootEvent[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const event of events) counts.set(keyOf(event), (counts.get(keyOf(event)) ?? 0) + 1);
  return counts;
}

function take(counts: Map<string, number>, event: BootEvent): boolean {
  const left = counts.get(keyOf(event)) ?? 0;
  counts.set(keyOf(event), left - 1);
  return left > 0;
}

function keyOf({ pcr, type, digest }: BootEvent): string {
  return `${pcr} ${type} ${digest}`;
}
