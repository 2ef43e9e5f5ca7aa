/**
 * How quickly the cluster fills: from samples that the agent keeps in memory while it runs, by a
 * straight line of least squares; and the average over the life of the cluster, which needs none.
 */
import type { Growth } from "./answers.ts";

export interface Sample {
  /** In milliseconds since 1970. */
  at: number;
  usedKiB: number;
}

export interface Room {
  totalKiB: number;
  usedKiB: number;
  nearlyFull: number;
  full: number;
}

const dayMs = 86_400_000;
/** Less than this says nothing of days to come, in milliseconds. */
export const leastMs = dayMs / 4;
const leastSamples = 12;
/** Beyond this many days nobody plans, and the figure would only look exact. */
const mostDays = 36_500;

/** The newest samples, at most so many, the oldest of them dropped first. */
export class Samples {
  readonly #most: number;
  readonly #all: Sample[] = [];

  /** @param most for example 4320: thirty days, one every ten minutes */
  constructor(most: number) {
    this.#most = most;
  }

  /** What is not later than the newest is left out: a clock was set back. */
  add(sample: Sample): void {
    const last = this.#all.at(-1);
    if (last !== undefined && sample.at <= last.at) return;
    this.#all.push(sample);
    if (this.#all.length > this.#most) this.#all.shift();
  }

  all(): readonly Sample[] {
    return this.#all;
  }
}

export function growthOf(
  samples: readonly Sample[],
  room: Room,
  born: { createdAt: string; now: number },
): { growth: Growth[]; note: string } {
  const growth: Growth[] = [];
  const [first, last] = [samples[0], samples.at(-1)];
  let note = "Nothing was measured yet; the agent looks every ten minutes.";
  if (first !== undefined && last !== undefined) {
    const since = new Date(first.at).toISOString();
    if (last.at - first.at < leastMs || samples.length < leastSamples) {
      note =
        "It was measured for less than six hours, which says nothing of days. What was measured is kept in memory and begins anew with the agent.";
    } else {
      note = "";
      const kibPerDay = slope(samples) * dayMs;
      growth.push({
        ...{ basis: "measured", since, samples: samples.length, kibPerDay },
        ...daysOf(room, kibPerDay),
      });
    }
  }
  const created = Date.parse(born.createdAt);
  if (born.now - created >= dayMs) {
    const kibPerDay = (room.usedKiB / (born.now - created)) * dayMs;
    growth.push({
      ...{ basis: "average", since: new Date(created).toISOString(), samples: 1, kibPerDay },
      ...daysOf(room, kibPerDay),
    });
  }
  return { growth, note };
}

/** In KiB for each millisecond. Times are taken from the first, since squares of dates lose digits. */
function slope(samples: readonly Sample[]): number {
  const zero = samples[0]?.at ?? 0;
  const count = samples.length;
  const meanAt = samples.reduce((sum, { at }) => sum + at - zero, 0) / count;
  const meanUsed = samples.reduce((sum, { usedKiB }) => sum + usedKiB, 0) / count;
  let [over, under] = [0, 0];
  for (const { at, usedKiB } of samples) {
    const away = at - zero - meanAt;
    over += away * (usedKiB - meanUsed);
    under += away * away;
  }
  return under === 0 ? 0 : over / under;
}

function daysOf(room: Room, kibPerDay: number) {
  return {
    daysUntilNearlyFull: daysUntil(room, room.nearlyFull, kibPerDay),
    daysUntilFull: daysUntil(room, room.full, kibPerDay),
  };
}

/** @param share of all room, 0 to 1. @returns 0 where it is there already, null where it never is */
export function daysUntil(
  { totalKiB, usedKiB }: Pick<Room, "totalKiB" | "usedKiB">,
  share: number,
  kibPerDay: number,
): number | null {
  const left = totalKiB * share - usedKiB;
  if (left <= 0) return 0;
  const days = left / kibPerDay;
  return kibPerDay > 0 && days <= mostDays ? days : null;
}
