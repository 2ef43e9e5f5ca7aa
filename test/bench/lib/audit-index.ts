/**
 * An index of ten million events over 90 days, without the log: 40 tenants, 20,000 actors, 5,000
 * flows, 50,000 objects and 30 actions, each equally frequent, every event with all of them.
 */
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SegmentBuilder } from "../../../agent/audit/index/builder.ts";
import type { Fields } from "../../../agent/audit/index/fields.ts";
import { indexPath, writeIndex } from "../../../agent/audit/index/file.ts";
import { segmentPath } from "../../../agent/audit/segments/files.ts";
import { segmentEvents } from "../../../agent/audit/segments/format.ts";
import type { Segment } from "../../../agent/audit/segments/reader.ts";

const day = 86_400_000;
export const begin = Date.parse("2026-01-01T00:00:00.000Z");
export const span = 90 * day;

/** Numbers that look random and are the same in every run (a 32-bit linear congruence). */
export function dice(seed = 1): (sides: number) => number {
  let state = seed >>> 0;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

const named = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${prefix}-${String(i).padStart(5, "0")}`);

export const tenants = named("agency", 40);
export const actors = named("person", 20_000);
export const flows = named("flow", 5_000);
const objects = named("instance", 50_000);
const actions = named("subsystem.Member", 30);

export interface Made {
  segments: Segment[];
  bytes: number;
  /** CPU for one event, in microseconds, with making it up. */
  cpu: number;
}

export function makeIndex(directory: string, events: number): Made {
  for (const folder of ["index", "log"]) mkdirSync(join(directory, folder), { recursive: true });
  const roll = dice();
  const segments: Segment[] = [];
  let bytes = 0;
  const began = process.cpuUsage();
  for (let first = 0; first < events; first += segmentEvents) {
    const count = Math.min(segmentEvents, events - first);
    const builder = new SegmentBuilder(first);
    for (let i = 0; i < count; i++) builder.add(event((first + i) / events, roll));
    writeIndex(directory, builder.freeze());
    const file = segmentPath(directory, first, "closed");
    writeFileSync(file, "");
    segments.push({ first, count, state: "closed", file });
    bytes += statSync(indexPath(directory, first)).size;
  }
  const { user, system } = process.cpuUsage(began);
  return { segments, bytes, cpu: (user + system) / events };
}

function event(part: number, roll: (sides: number) => number): Fields {
  return {
    time: begin + Math.floor(part * span),
    tenant: tenants[roll(tenants.length)],
    actor: actors[roll(actors.length)] as string,
    action: actions[roll(actions.length)] as string,
    object: objects[roll(objects.length)],
    flow: flows[roll(flows.length)],
    source: roll(3),
    outcome: roll(4),
  };
}

/** The same event as a line of text, for what looks without an index. */
export function line(part: number, roll: (sides: number) => number): string {
  const { time, tenant, actor, action, object, flow } = event(part, roll);
  return `${new Date(time).toISOString()} ${tenant} ${actor} ${action} ${object} ${flow}\n`;
}
