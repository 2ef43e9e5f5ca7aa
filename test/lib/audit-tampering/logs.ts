/** Logs as they are before anybody tampers with them. */
import {
  type BuiltLog,
  build,
  event,
  framesOf,
  jcs,
  type LogSpec,
  type SealSpec,
  timeOf,
} from "../audit-builder.ts";
import { FakeTpm, type FakeTpmState } from "../fake-tpm.ts";

// Where the parts of such a log lie.
export const closed0 = "log/00000000000000000000.segz";
export const closed1 = "log/00000000000000000512.segz";
export const open2 = "log/00000000000000000768.seg";
export const seals = "seals/2026-03-01.jsonl";
export const tile = "tile/1/000.p/3";

export const tpmAtFirst: FakeTpmState = { seed: "tpm", counter: 40, clock: 100_000, resetCount: 7 };
const witnessed = (index: number) => Math.floor(timeOf(index) / 1000) + 1;

export const standardSeals: SealSpec[] = [
  { size: 100, witnessedAt: witnessed(100) },
  { size: 512, tpm: true },
  { size: 600, witnessedAt: witnessed(600), tpm: true },
  { size: 768 },
  { size: 900, witnessedAt: witnessed(900), tpm: true },
  { size: 950 },
];

/** Two closed segments of 512 and 256 events, and an open one of the rest. */
export function logSpec(
  payloads: readonly string[],
  sealSpecs: SealSpec[] = standardSeals,
): LogSpec {
  const part = (from: number, to: number, closed: boolean) => ({
    closed,
    frames: framesOf(payloads.slice(from, to), from),
  });
  return {
    node: "node1",
    seed: "standard",
    segments: [part(0, 512, true), part(512, 768, true), part(768, payloads.length, false)],
    seals: sealSpecs,
    tpm: tpmAtFirst,
  };
}

export function standardPayloads(count = 968): string[] {
  const details = new FakeTpm(tpmAtFirst).details(jcs);
  const enrolled = { action: "audit.TpmEnrolled", source: "log", details };
  return Array.from({ length: count }, (_, i) => event(i, i === 3 ? enrolled : {}));
}

export function standardLog(): BuiltLog {
  return build(logSpec(standardPayloads()));
}

/** A log with retention: its first segment was removed. */
export function retainedLog(change: Record<string, unknown> = {}, told = true): BuiltLog {
  const payloads = standardPayloads();
  const whole = build(logSpec(payloads));
  const tombstone = {
    first: 0,
    count: 512,
    chainBefore: (whole.chains[0] as Buffer).toString("hex"),
    chainAfter: (whole.chains[512] as Buffer).toString("hex"),
    firstTime: new Date(timeOf(1)).toISOString(),
    lastTime: new Date(timeOf(512)).toISOString(),
    days: 400,
  };
  if (told) {
    payloads[700] = event(700, { action: "audit.Retention", source: "log", details: tombstone });
  }
  const log = build(logSpec(payloads));
  log.files.delete(closed0);
  log.files.set(closed0.replace(".segz", ".gone"), Buffer.from(jcs({ ...tombstone, ...change })));
  return log;
}
