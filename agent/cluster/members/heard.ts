/**
 * When another node was last heard of, and how far its clock is off.
 *
 * Two clocks could tell a fact's age: the writer's, which may be wrong or lie, and that of whoever
 * reads, who reads only now and then. What was not there at one reading and is at the next was written
 * in between, by this node's own clock; within that, what the writer says is taken. So an age is never
 * wrong by more than the time between two readings, whatever another node says of its clock, and exact
 * where the clocks are right. Only of what was there at the very first reading the writer's clock is all
 * there is: a time in the future counts as now, and ends with the next publication that does not come.
 */

/** What one node has of another. Times are milliseconds. */
export interface Heard {
  /** Since when it was heard of, by this node's monotonic clock. */
  at: number;
  /** How far its clock is ahead of this node's at least; 0 where nothing shows that it is off. */
  offMs: number;
}

export interface ReadingTime {
  /** Since 1970. */
  wall: number;
  monotonic: number;
}

/**
 * @param saidAt when it was written, by the writer's clock, since 1970
 * @param before the last reading without it; undefined at the first
 */
export function heard(saidAt: number, now: ReadingTime, before: ReadingTime | undefined): Heard {
  // In this node's terms, so that a step of its wall clock in between does no harm.
  const earliest = before === undefined ? -Infinity : now.wall - (now.monotonic - before.monotonic);
  const written = Math.min(now.wall, Math.max(earliest, saidAt));
  return { at: now.monotonic - (now.wall - written), offMs: saidAt - written };
}
