/** Levels of multi-level security: sensitivities, categories and ranges of them. */
import type { Cursor } from "./cursor.ts";
import type { Ebitmap } from "./ebitmap.ts";
import { NameTable, table } from "./names.ts";

/** A sensitivity and its categories, by their ids; bit `id - 1` of every category. */
export interface LevelIds {
  readonly sensitivity: number;
  readonly categories: Ebitmap;
}

export interface RangeIds {
  readonly low: LevelIds;
  readonly high: LevelIds;
}

interface Names {
  /** How many there are, without aliases. */
  own: number;
  names: NameTable;
}

export function readLevels(cursor: Cursor): Names {
  const { count, entries } = table(cursor, 24, "sensitivities");
  const names = new NameTable(count);
  let own = 0;
  for (let index = 0; index < entries; index++) {
    const length = cursor.u32("a sensitivity");
    const isAlias = cursor.u32("a sensitivity") !== 0;
    const name = cursor.name(length, "name of a sensitivity");
    names.add(cursor.id(count, "sensitivity"), name, isAlias);
    cursor.ebitmap("the categories of a level");
    if (!isAlias) own++;
  }
  return { own, names };
}

export function readCategories(cursor: Cursor): Names {
  const { count, entries } = table(cursor, 12, "categories");
  const names = new NameTable(count);
  let own = 0;
  for (let index = 0; index < entries; index++) {
    const length = cursor.u32("a category");
    const id = cursor.id(count, "category");
    const isAlias = cursor.u32("a category") !== 0;
    names.add(id, cursor.name(length, "name of a category"), isAlias);
    if (!isAlias) own++;
  }
  return { own, names };
}

export function readLevel(cursor: Cursor): LevelIds {
  const sensitivity = cursor.u32("a level");
  return { sensitivity, categories: cursor.ebitmap("the categories of a level") };
}

/** One level or two. */
export function readRange(cursor: Cursor): RangeIds {
  const at = cursor.at;
  const levels = cursor.u32("a range");
  if (levels !== 1 && levels !== 2) cursor.fail(`a range has ${levels} levels`, at);
  const low = cursor.u32("a range");
  const high = levels === 2 ? cursor.u32("a range") : low;
  const categories = cursor.ebitmap("the categories of a range");
  return {
    low: { sensitivity: low, categories },
    high: {
      sensitivity: high,
      categories: levels === 2 ? cursor.ebitmap("the categories of a range") : categories,
    },
  };
}

/** @returns for example `s0:c1,c5.c7`, as the kernel writes it */
export function levelText(
  { sensitivity, categories }: LevelIds,
  levels: NameTable,
  names: NameTable,
): string {
  const spans: [number, number][] = [];
  categories.each((bit) => {
    const last = spans.at(-1);
    if (last !== undefined && last[1] === bit) last[1] = bit + 1;
    else spans.push([bit + 1, bit + 1]);
  });
  const texts = spans.map(([first, last]) => {
    if (first === last) return names.name(first);
    return `${names.name(first)}${last === first + 1 ? "," : "."}${names.name(last)}`;
  });
  const all = texts.length === 0 ? "" : `:${texts.join(",")}`;
  return levels.name(sensitivity) + all;
}
