/** Buckets of time that people can read: a whole number of seconds, minutes, hours or days. */

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const steps = [
  ...[1, 5, 10, 30].map((n) => n * second),
  ...[1, 5, 10, 30].map((n) => n * minute),
  ...[1, 3, 6, 12].map((n) => n * hour),
  ...[1, 2, 7, 14, 28, 91, 364].map((n) => n * day),
];
const mostBuckets = 60;

export interface Buckets {
  from: number;
  step: number;
  count: number;
}

/** @param from,to in milliseconds since 1970; both are within the buckets */
export function bucketsFor(from: number, to: number): Buckets {
  const fitting = (step: number) => Math.floor(to / step) - Math.floor(from / step) + 1;
  const step = steps.find((one) => fitting(one) <= mostBuckets) ?? (steps.at(-1) as number);
  return { from: Math.floor(from / step) * step, step, count: Math.max(1, fitting(step)) };
}
