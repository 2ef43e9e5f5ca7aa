/** What a case of the benchmark gives back. */
export interface Result {
  name: string;
  unit: string;
  ours: number;
  reference: number;
  /** ours / reference. */
  ratio: number;
  /** In words, for example `ratio at most 2`. */
  goal: string;
  holds: boolean;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

const short = (value: number) => Number(value.toPrecision(4));

const shown = (name: string, unit: string, ours: number, reference: number) => ({
  name,
  unit,
  ours: short(ours),
  reference: short(reference),
  ratio: short(ours / reference),
});

/** A promise about ours against the reference. */
export function ratioAtMost(
  name: string,
  unit: string,
  ours: number,
  reference: number,
  most: number,
): Result {
  const holds = ours / reference <= most;
  return { ...shown(name, unit, ours, reference), goal: `ratio at most ${most}`, holds };
}

/** A promise about ours against the reference, where more is better. */
export function ratioAtLeast(
  name: string,
  unit: string,
  ours: number,
  reference: number,
  least: number,
): Result {
  const holds = ours / reference >= least;
  return { ...shown(name, unit, ours, reference), goal: `ratio at least ${least}`, holds };
}

/** A promise in absolute figures; the reference shows what of it is ours. */
export function atMost(
  name: string,
  unit: string,
  ours: number,
  reference: number,
  most: number,
): Result {
  const holds = ours <= most;
  return { ...shown(name, unit, ours, reference), goal: `at most ${most} ${unit}`, holds };
}
