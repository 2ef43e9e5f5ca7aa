/** How often nodes write and read, in milliseconds. */
export interface Pace {
  /** Between two publications at most. */
  publishMs: number;
  /** Between two publications at least, and after a change before it is told. */
  changeMs: number;
  /** Between two readings where nobody looks. */
  readMs: number;
  /** How old a reading may be for somebody who looks. */
  freshMs: number;
  /** Without a publication for this long, a node counts as silent. */
  silentMs: number;
}

/** A node that stops is silent for everybody 35 s after its last word; one word may be 10 s late. */
export const usualPace: Pace = {
  publishMs: 25_000,
  changeMs: 3_000,
  readMs: 10_000,
  freshMs: 2_000,
  silentMs: 35_000,
};
