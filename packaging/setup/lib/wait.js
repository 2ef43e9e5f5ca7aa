// @ts-check
import { setTimeout as delay } from "node:timers/promises";

/**
 * Asks again and again until the answer is truthy, and returns it.
 *
 * @template T
 * @param {string} what what is awaited, for the error: "the bus to answer"
 * @param {number} seconds deadline
 * @param {() => T | Promise<T>} check may throw to give up at once
 * @param {number} [everyMs] pause between two questions
 * @returns {Promise<NonNullable<T>>}
 */
export async function until(what, seconds, check, everyMs = 25) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await check();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`waited ${seconds} s in vain for ${what}`);
    await delay(everyMs);
  }
}
