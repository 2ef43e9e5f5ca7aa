/** The slots of the loaded policy, and who has which: filtered, in an order, a page at a time. */
import { DsecosError } from "../../bus/errors.ts";
import { MOST_TYPE_IDS, slotName, slotTypes } from "../policy/names.ts";
import type { Slot, SlotFilter, SlotPage, slotSortKeys } from "./answers.ts";

export interface SlotFacts {
  /** Of the loaded policy, in any order. */
  readonly slots: readonly number[];
  readonly typeIds: number;
  readonly holders: ReadonlyMap<number, string>;
  /** Why that is not known; empty where it is. */
  readonly holdersUnknown: string;
  /** By slot; undefined where SELinux does not tell. */
  readonly processes: ReadonlyMap<number, number> | undefined;
  /** By slot, of those that were looked at. */
  readonly mislabelled: ReadonlyMap<number, number>;
}

type SortKey = (typeof slotSortKeys)[number];
type Row = Omit<Slot, "types">;

/** What is not known comes first, and tenants before spare slots. */
const sortValue: Record<SortKey, (row: Row) => string | number> = {
  slot: ({ slot }) => slot,
  tenant: ({ tenant }) => (tenant === "" ? "\uffff" : tenant),
  processes: ({ processes }) => processes ?? -1,
  mislabelled: ({ mislabelled }) => mislabelled ?? -1,
};

/** @throws DsecosError for a cursor that is of no page */
export function slotPage(facts: SlotFacts, filter: SlotFilter): SlotPage {
  const { holders, typeIds, holdersUnknown } = facts;
  const all = rowsOf(facts);
  const known = new Set(all.map(({ slot }) => slot));
  const rows = all.filter((row) => fits(row, filter)).sort(orderOf(filter));
  const begin = filter.cursor === "" ? 0 : behind(rows, filter.cursor);
  const page = rows.slice(begin, begin + filter.limit);
  const used = all.filter(({ tenant }) => tenant !== "").length;
  const missing = [...holders].filter(([slot]) => !known.has(slot)).sort(([a], [b]) => a - b);
  return {
    rows: page.map((row) => ({ ...row, types: { ...slotTypes(row.slot) } })),
    total: rows.length,
    next: begin + page.length < rows.length ? String(page.at(-1)?.slot ?? "") : "",
    ...{ slots: all.length, used, spare: all.length - used, typeIds, mostTypeIds: MOST_TYPE_IDS },
    missing: missing.map(([slot, tenant]) => ({ slot, tenant })),
    holdersUnknown,
  };
}

function rowsOf({ slots, holders, processes, mislabelled }: SlotFacts): Row[] {
  return slots.map((slot) => ({
    ...{ slot, name: slotName(slot), tenant: holders.get(slot) ?? "" },
    processes: processes === undefined ? null : (processes.get(slot) ?? 0),
    mislabelled: mislabelled.get(slot) ?? null,
  }));
}

/** Types begin with the name of their slot, so that a text of a type leads to the slot. */
function fits({ name, tenant }: Row, { text, use }: SlotFilter): boolean {
  if (use !== "all" && (use === "used") !== (tenant !== "")) return false;
  if (text === "") return true;
  const [wanted, own] = [text.toLowerCase(), tenant.toLowerCase()];
  return own.includes(wanted) || name.includes(wanted) || wanted.startsWith(`${name}_`);
}

function orderOf({ sort, descending }: SlotFilter): (a: Row, b: Row) => number {
  const value = sortValue[sort];
  const sign = descending ? -1 : 1;
  return (a, b) => {
    const [one, other] = [value(a), value(b)];
    return one < other ? -sign : one > other ? sign : a.slot - b.slot;
  };
}

function behind(rows: readonly Row[], cursor: string): number {
  const at = rows.findIndex(({ slot }) => String(slot) === cursor);
  if (at >= 0) return at + 1;
  const message = "That is no position in this list; begin again without a cursor.";
  throw new DsecosError("InvalidArgument", message);
}
