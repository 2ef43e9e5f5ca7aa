/** Tables of names, as every kind of symbol has one. */
import type { Cursor } from "./cursor.ts";

/** Ids of types are 16 bits wide in the access rules, so every other table keeps to that too. */
export const maxId = 65_535;

/** Names by id (1 and up); what has no name in the file is called by its number. */
export class NameTable {
  readonly count: number;
  readonly #names: (string | undefined)[];
  readonly #ids = new Map<string, number>();

  constructor(count: number) {
    this.count = count;
    this.#names = new Array(count + 1);
  }

  /** @returns whether the name was free; the first name of an id stays its own. */
  add(id: number, name: string, alias = false): boolean {
    if (this.#ids.has(name) || (!alias && this.#names[id] !== undefined)) return false;
    this.#ids.set(name, id);
    if (!alias) this.#names[id] = name;
    return true;
  }

  name(id: number): string {
    return this.#names[id] ?? `#${id}`;
  }

  has(id: number): boolean {
    return this.#names[id] !== undefined;
  }

  /** The id of a name or an alias. */
  id(name: string): number | undefined {
    return this.#ids.get(name);
  }

  /** Every name with its id, aliases too. */
  entries(): IterableIterator<[string, number]> {
    return this.#ids.entries();
  }
}

export interface Table {
  count: number;
  entries: number;
}

export function table(cursor: Cursor, entrySize: number, what: string): Table {
  const at = cursor.at;
  const count = cursor.u32(what);
  // There may be gaps between ids, but not more of them than the file has bytes.
  if (count > Math.min(maxId, cursor.left)) cursor.fail(`${count} ${what} are too many`, at);
  return { count, entries: cursor.count(entrySize, what) };
}
