/**
 * Whether the clock can be believed enough to do what cannot be undone. A battery that died or a bad
 * time server sets it years ahead at once, and then every key that is ever to be destroyed seems due.
 * What the audit log has tells: by a clock that is right, something was recorded some days ago. By
 * one that went ahead, nothing was, until the agent has run with it for as long; so a clock that was
 * right after all, of a node that was off for weeks, is believed after that time.
 */
import type { AskRecord } from "../statement/record.ts";

const dayMs = 86_400_000;
/** So long somebody has to notice that the clock is wrong, in milliseconds. */
const waitMs = 2 * dayMs;
/** How long a node may be off, or the clock go ahead, before it is noticed here; in milliseconds. */
const gapMs = dayMs;

/** What is younger than this is done without asking: no clock went far since it was made. */
export const youngMs = waitMs + gapMs;

/** @param now milliseconds since 1970 @throws DsecosError where the audit log cannot be read */
export async function isBelievable(ask: AskRecord, now: number): Promise<boolean> {
  const { rows } = await ask({
    from: new Date(now - waitMs - gapMs).toISOString(),
    to: new Date(now - waitMs).toISOString(),
    cursor: "",
    limit: 1,
  });
  return rows.length > 0;
}
