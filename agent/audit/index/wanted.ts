/** A filter made ready for looking things up, and the last word on whether an entry passes it. */
import { canonical } from "../canonical.ts";
import type { AuditEntry } from "../entry.ts";
import type { AuditConditions } from "../filter.ts";
import { millisecondsOf, outcomeNumber, sourceNumber } from "./fields.ts";
import { hash24, hash48 } from "./hashes.ts";

/** What the member that is called allows, beside what the caller asks for. */
export interface Scope {
  tenant?: string;
  /** Only acts of this user. */
  own?: { uid: number; user: string };
}

export interface Wanted {
  /** Milliseconds; from inclusive, to exclusive. */
  from: number;
  to: number;
  /** Names that must all be so; more than one tenant or actor is nobody. */
  tenants: string[];
  actors: { name: string; hash: number }[];
  action: string | undefined;
  source: number | undefined;
  outcome: number | undefined;
  object: { name: string; hash: number } | undefined;
  flow: { name: string; hash: number } | undefined;
  uid: number | undefined;
  acts: boolean;
  /** The text as it stands in the payload, and its bytes. */
  text: Buffer | undefined;
  /** Whether the index alone cannot tell that an event passes. */
  mustRead: boolean;
}

export function wantedOf(filter: AuditConditions, scope: Scope = {}): Wanted {
  const { tenant, actor, object, flow, text, source, outcome } = filter;
  const defined = (names: (string | undefined)[]) => names.filter((name) => name !== undefined);
  return {
    from: filter.from === undefined ? -Infinity : Date.parse(filter.from),
    to: filter.to === undefined ? Infinity : Date.parse(filter.to),
    tenants: defined([tenant, scope.tenant]),
    actors: defined([actor, scope.own?.user]).map((name) => ({ name, hash: hash48(name) })),
    action: filter.action,
    source: source === undefined ? undefined : sourceNumber(source),
    outcome: outcome === undefined ? undefined : outcomeNumber(outcome),
    object: object === undefined ? undefined : { name: object, hash: hash24(object) },
    flow: flow === undefined ? undefined : { name: flow, hash: hash48(flow) },
    uid: scope.own?.uid,
    acts: filter.acts === true,
    text: text === undefined ? undefined : Buffer.from(canonical(text).slice(1, -1)),
    mustRead: object !== undefined || text !== undefined || scope.own !== undefined,
  };
}

/** Actions of members that only read. */
export type Reads = ReadonlySet<string>;

/** @param payload of the entry, for the text that must stand in it */
export function passes(entry: AuditEntry, payload: Buffer, wanted: Wanted, reads: Reads): boolean {
  const time = millisecondsOf(entry.time);
  return (
    time >= wanted.from &&
    time < wanted.to &&
    wanted.tenants.every((name) => entry.tenant === name) &&
    wanted.actors.every(({ name }) => entry.actor === name) &&
    (wanted.action === undefined || entry.action.startsWith(wanted.action)) &&
    (wanted.source === undefined || sourceNumber(entry.source) === wanted.source) &&
    (wanted.outcome === undefined || outcomeNumber(entry.outcome) === wanted.outcome) &&
    (wanted.object === undefined || entry.object === wanted.object.name) &&
    (wanted.flow === undefined || entry.flow === wanted.flow.name) &&
    (wanted.uid === undefined || entry.uid === wanted.uid) &&
    !(wanted.acts && entry.outcome === "success" && reads.has(entry.action)) &&
    (wanted.text === undefined || payload.includes(wanted.text))
  );
}
