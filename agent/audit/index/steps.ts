/** Long work in steps, so that what others ask in the meantime need not wait for all of it. */
import { setImmediate as turn } from "node:timers/promises";

export type Steps<T> = Generator<undefined, T, undefined>;

/** How long others wait at most for a turn, in milliseconds, as far as single steps are shorter. */
const heldMs = 20;

export async function inTurns<T>(steps: Steps<T>): Promise<T> {
  for (let began = performance.now(); ; ) {
    const { done, value } = steps.next();
    if (done === true) return value;
    if (performance.now() - began < heldMs) continue;
    await turn();
    began = performance.now();
  }
}
