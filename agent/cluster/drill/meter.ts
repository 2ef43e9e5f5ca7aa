/**
 * How long services are gone, by asking each again and again. What is told is the longest time between
 * two answers, or from the beginning to the first, or from the last to the end: pauses between questions
 * are in it, so it is never less than the time without the service.
 */
import { setTimeout as delay } from "node:timers/promises";
import { explain } from "../../log.ts";
import { type Gaps, type ServiceClass, serviceClasses } from "./answers.ts";

/** Fails, or does not answer, while the service is gone. */
export type Probe = () => Promise<unknown>;
export type Probes = Partial<Record<ServiceClass, Probe>>;

const pauseMs = 50;

export interface Measured {
  gaps: Gaps;
  /** What each said when it failed last; none for one that never did. */
  said: Partial<Record<ServiceClass, string>>;
}

/** Asks each until the signal; one that hangs keeps no other waiting. Never rejects. */
export async function measure(probes: Probes, signal: AbortSignal): Promise<Measured> {
  const gaps: Gaps = { writes: null, pages: null, instances: null, storage: null, keys: null };
  const said: Measured["said"] = {};
  const each = serviceClasses.map(async (service) => {
    const probe = probes[service];
    if (probe === undefined) return;
    gaps[service] = await gapOf(probe, signal, (words) => {
      said[service] = words;
    });
  });
  await Promise.all(each);
  return { gaps, said };
}

async function gapOf(
  probe: Probe,
  signal: AbortSignal,
  failed: (words: string) => void,
): Promise<number> {
  let longest = 0;
  let last = performance.now();
  const answered = () => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  };
  const ended = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  while (!signal.aborted) {
    const asked = probe().then(
      () => {
        if (!signal.aborted) answered();
      },
      (error: unknown) => failed(explain(error)),
    );
    await Promise.race([asked, ended]);
    await Promise.race([delay(pauseMs), ended]);
  }
  answered();
  return Math.round(longest);
}
