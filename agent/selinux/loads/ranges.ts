/** Slots as ranges: a thousand of them are mostly neighbours. */

/** @returns first and last of each run of neighbours, ascending */
export function rangesOf(slots: Iterable<number>): [number, number][] {
  const ranges: [number, number][] = [];
  for (const slot of [...slots].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && slot <= last[1] + 1) last[1] = slot;
    else ranges.push([slot, slot]);
  }
  return ranges;
}

export function isWithin(slot: number, ranges: readonly (readonly [number, number])[]): boolean {
  return ranges.some(([first, last]) => first <= slot && slot <= last);
}
