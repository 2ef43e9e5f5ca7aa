/** Random logs and filters, the same for the same seed, and what a filter means in plain terms. */
import type { AuditEntry } from "../../agent/audit/entry.ts";
import { outcomes, sources } from "../../agent/audit/entry.ts";
import type { AuditConditions } from "../../agent/audit/filter.ts";
import {
  type BuiltLog,
  build,
  event,
  framesOf,
  jcs,
  type Segment,
  timeOf,
} from "./audit-builder.ts";

export type Roll = (sides: number) => number;

/** A 32-bit xorshift. */
export function roller(seed: number): Roll {
  let state = seed + 0x9e3779b9;
  return (sides) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % sides;
  };
}

const pick = <T>(roll: Roll, values: readonly T[]): T => values[roll(values.length)] as T;
const tenants = ["mod-defense", "health", "Ünïcode-tenant", "a"];
const actors = ["alice", "bob", "carol", "dave", "agent"];
const actions = ["tenants.Create", "tenants.List", "instances.Start", "auditd.exec", "audit.List"];
export const reads: ReadonlySet<string> = new Set(["tenants.List", "audit.List"]);

/** @param steps whether the clock is set back now and then */
export function randomLog(seed: number, bundles: number, rest: number, steps: boolean): BuiltLog {
  const roll = roller(seed);
  const segments: Segment[] = [];
  let index = 0;
  for (const count of [...parts(roll, bundles), rest].filter((one) => one > 0)) {
    const payloads = Array.from({ length: count }, (_, i) => randomEvent(roll, index + i, steps));
    segments.push({ closed: count % 256 === 0, frames: framesOf(payloads, index) });
    index += count;
  }
  return build({ node: "node1", seed: `${seed}`, segments, seals: [] });
}

/** Sizes of segments, in events. */
function parts(roll: Roll, bundles: number): number[] {
  const sizes: number[] = [];
  for (let left = bundles; left > 0; ) {
    const some = 1 + roll(Math.min(4, left));
    sizes.push(some * 256);
    left -= some;
  }
  return sizes;
}

function randomEvent(roll: Roll, index: number, steps: boolean): string {
  const back = steps && roll(10) === 0 ? roll(100_000) : 0;
  const members = {
    ...JSON.parse(event(index)),
    action: pick(roll, actions),
    actor: pick(roll, actors),
    source: pick(roll, sources),
    outcome: pick(roll, outcomes),
    tenant: roll(4) === 0 ? undefined : pick(roll, tenants),
    object: roll(3) === 0 ? undefined : `object-${roll(300)}`,
    flow: roll(2) === 0 ? undefined : `F-${roll(40)}`,
    uid: 1000 + roll(3),
    time: new Date(timeOf(index) - back).toISOString(),
    details: roll(20) === 0 ? { said: `a "quoted" word ${roll(5)}` } : undefined,
  };
  return jcs(defined(members));
}

function defined(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}

export function randomFilter(roll: Roll, events: number): AuditConditions {
  const some = <T>(value: () => T): T | undefined => (roll(4) === 0 ? value() : undefined);
  const time = () => new Date(timeOf(roll(events))).toISOString();
  const filter = {
    from: some(time),
    to: some(time),
    tenant: some(() => pick(roll, [...tenants, "nobody"])),
    actor: some(() => pick(roll, [...actors, "nobody"])),
    action: some(() => pick(roll, ["tenants.", "instances.Start", "a", "x"])),
    source: some(() => pick(roll, sources)),
    outcome: some(() => pick(roll, outcomes)),
    object: some(() => `object-${roll(310)}`),
    flow: some(() => `F-${roll(42)}`),
    acts: some(() => true),
    text: roll(8) === 0 ? pick(roll, ['"quoted" word 3', "Ünï", '"pid":4', "nowhere"]) : undefined,
  };
  return defined(filter) as AuditConditions;
}

/** What the filter's description says, without any index. */
export function matches(entry: AuditEntry, payload: string, filter: AuditConditions): boolean {
  const { from, to, action, acts, text } = filter;
  const equal = (["tenant", "actor", "source", "outcome", "object", "flow"] as const).every(
    (name) => filter[name] === undefined || entry[name] === filter[name],
  );
  const wasRead = entry.outcome === "success" && reads.has(entry.action);
  return (
    equal &&
    (from === undefined || entry.time >= from) &&
    (to === undefined || entry.time < to) &&
    (action === undefined || entry.action.startsWith(action)) &&
    !(acts === true && wasRead) &&
    (text === undefined || payload.includes(JSON.stringify(text).slice(1, -1)))
  );
}
