/** Asks again while an engine is away. */
import { setTimeout as delay } from "node:timers/promises";
import { DsecosError } from "../../bus/errors.ts";

const pauseMs = 250;

/** @param ms for how long. @throws what the last attempt threw */
export async function patiently<T>(ask: () => Promise<T>, ms: number): Promise<T> {
  const until = performance.now() + ms;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof DsecosError) || performance.now() > until) throw error;
      await delay(pauseMs);
    }
  }
}
