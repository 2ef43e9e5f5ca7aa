/**
 * The state of tenants, permissions, policy and keys at an instant, from the log alone: the newest
 * record of each before the instant, no further back than the last time that all was recorded.
 */
import { canonical } from "../canonical.ts";
import type { AuditEntry } from "../entry.ts";
import type { AuditFilter } from "../filter.ts";
import {
  type State,
  type StateDetails,
  snapshotAction,
  stateAction,
  stateKinds,
} from "../observe/observer.ts";
import type { Change, Replay } from "./answers.ts";

/** Entries newest first, as `List` gives them. */
export type ListEntries = (filter: AuditFilter) => Promise<{ rows: AuditEntry[]; next: string }>;

const page = 1000;
/** A change follows its act within this time, in milliseconds. */
const followsMs = 30_000;

export async function replay(list: ListEntries, at: string): Promise<Replay> {
  const newest = new Map<string, Replay["objects"][number] | null>();
  let until: number | undefined;
  let since = "";
  const to = new Date(Date.parse(at) + 1).toISOString();
  for (let cursor = ""; ; ) {
    const filter: AuditFilter = { action: "state.", to, cursor, limit: page };
    const { rows, next } = await list(filter);
    for (const entry of rows) {
      if (until !== undefined && entry.sequence < until) return answer(at, since, newest);
      if (entry.action === snapshotAction && until === undefined) {
        const first = entry.details?.since;
        until = typeof first === "number" ? first : entry.sequence;
        since = entry.time;
      } else take(entry, newest);
    }
    if (next === "") break;
    cursor = next;
  }
  return answer(at, since, newest);
}

function take(entry: AuditEntry, newest: Map<string, Replay["objects"][number] | null>): void {
  const kind = stateKinds.find((candidate) => stateAction(candidate) === entry.action);
  const { object: name, sequence, time } = entry;
  if (kind === undefined || name === undefined || newest.has(`${kind} ${name}`)) return;
  const { now = entry.details } = entry.details as unknown as Partial<StateDetails>;
  const state = now as State | null;
  newest.set(`${kind} ${name}`, state === null ? null : { kind, name, state, sequence, time });
}

function answer(
  at: string,
  since: string,
  newest: Map<string, Replay["objects"][number] | null>,
): Replay {
  const known = since !== "";
  const objects = known ? [...newest.values()].filter((object) => object !== null) : [];
  const order = (object: Replay["objects"][number]) =>
    `${stateKinds.indexOf(object.kind)} ${object.name}`;
  objects.sort((a, b) => (order(a) < order(b) ? -1 : 1));
  return { at, known, since, objects };
}

/** @param rows newest first; acts and states of one stretch of time. */
export function changesOf(rows: readonly AuditEntry[]): Change[] {
  return rows.flatMap((entry, index) => {
    if (entry.action === snapshotAction) return [];
    if (!entry.action.startsWith("state.")) return [{ entry, changed: [], cause: null }];
    const { now, was } = entry.details as unknown as Partial<StateDetails>;
    // Recorded anew, not changed; or too large for the record, which has its hash only.
    if (now === undefined) return [{ entry, changed: [], cause: causeOf(entry, rows, index) }];
    if (was === undefined) return [];
    return [{ entry, changed: difference(was, now), cause: causeOf(entry, rows, index) }];
  });
}

/** The nearest act before; what the agent was asked for comes before what the engine then did. */
function causeOf(entry: AuditEntry, rows: readonly AuditEntry[], index: number): number | null {
  if (entry.tenant === undefined) return null;
  const earliest = Date.parse(entry.time) - followsMs;
  const acts = rows
    .slice(index + 1)
    .filter(
      ({ time, tenant, outcome }) =>
        Date.parse(time) >= earliest &&
        tenant === entry.tenant &&
        (outcome === "success" || outcome === "intent"),
    );
  const cause = acts.find(({ source }) => source === "agent") ?? acts[0];
  return cause?.sequence ?? null;
}

/** Members that differ, lists as a whole. */
export function difference(
  before: State | null,
  after: State | null,
  path = "",
): Change["changed"] {
  const names = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
  return [...names].sort().flatMap((name) => {
    const a = before?.[name] ?? null;
    const b = after?.[name] ?? null;
    if (canonical(a) === canonical(b)) return [];
    const where = path === "" ? name : `${path}/${name}`;
    if (isState(a) && isState(b)) return difference(a, b, where);
    return [{ path: where, before: a, after: b }];
  });
}

function isState(value: unknown): value is State {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
