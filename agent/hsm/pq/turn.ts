/** Work of milliseconds on the thread that also answers everybody else. */
import { setImmediate as turn } from "node:timers/promises";

let last: Promise<unknown> = Promise.resolve();

/**
 * One piece of such work for each turn of the event loop: however many are waiting, what others wait
 * for comes in between.
 */
export function inTurn<T>(work: () => T): Promise<T> {
  const done = last.then(() => turn()).then(work);
  // Whoever asked for the work sees its failure; the next in line does not.
  last = done.catch(() => {});
  return done;
}
