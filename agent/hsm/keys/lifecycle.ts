/**
 * States of a key and what leads from one to another: NIST SP 800-57 part 1 revision 5, section 7.
 * One table, total over states and acts, so that nothing is allowed by having been forgotten.
 *
 * Destruction is scheduled: while it waits, a key that was active or suspended is deactivated, and
 * goes back when it is cancelled. Imports nothing from node:, since the pages use it too.
 */
import type { KeyState } from "./record.ts";

export const keyActs = [
  "activate",
  "suspend",
  "resume",
  "deactivate",
  "compromise",
  "rotate",
  "setRotation",
  "scheduleDestroy",
  "cancelDestroy",
  "destroy",
] as const;
export type KeyAct = (typeof keyActs)[number];

/** State afterwards, or why not: the end of a sentence that begins with the key's name. */
type Step = { to: KeyState } | { refusal: string };

const to = (state: KeyState): Step => ({ to: state });
const no = (refusal: string): Step => ({ refusal });

const gone = no("is destroyed; create another key.");
const notDue = no("is not to be destroyed; schedule that first.");

const steps: Record<KeyState, Record<KeyAct, Step>> = {
  "pre-active": {
    activate: to("active"),
    suspend: no("was never active; only an active key can be suspended."),
    resume: no("is not suspended; activate it."),
    deactivate: no("was never active; destroy it if it is not needed."),
    compromise: to("compromised"),
    rotate: no("is not active yet; activate it first."),
    setRotation: to("pre-active"),
    scheduleDestroy: to("pre-active"),
    cancelDestroy: notDue,
    destroy: notDue,
  },
  active: {
    activate: no("is active already; use it."),
    suspend: to("suspended"),
    resume: no("is not suspended; use it."),
    deactivate: to("deactivated"),
    compromise: to("compromised"),
    rotate: to("active"),
    setRotation: to("active"),
    scheduleDestroy: to("deactivated"),
    cancelDestroy: notDue,
    destroy: notDue,
  },
  suspended: {
    activate: no("is suspended; resume it."),
    suspend: no("is suspended already; resume it or leave it."),
    resume: to("active"),
    deactivate: to("deactivated"),
    compromise: to("compromised"),
    rotate: no("is suspended; resume it first."),
    setRotation: to("suspended"),
    scheduleDestroy: to("deactivated"),
    cancelDestroy: notDue,
    destroy: notDue,
  },
  deactivated: {
    activate: no("is deactivated, which is for good; create another key."),
    suspend: no("is deactivated; it protects nothing any more."),
    resume: no("is deactivated, which is for good; create another key."),
    deactivate: no("is deactivated already; leave it."),
    compromise: to("compromised"),
    rotate: no("is deactivated, which is for good; create another key."),
    setRotation: no("is deactivated, which is for good; it is not rotated any more."),
    scheduleDestroy: to("deactivated"),
    cancelDestroy: notDue,
    destroy: notDue,
  },
  compromised: {
    activate: no("is compromised, which is for good; create another key."),
    suspend: no("is compromised; it protects nothing any more."),
    resume: no("is compromised, which is for good; create another key."),
    deactivate: no("is compromised, which is more than deactivated; leave it."),
    compromise: no("is compromised already; see its history."),
    rotate: no("is compromised, which is for good; create another key."),
    setRotation: no("is compromised, which is for good; it is not rotated any more."),
    scheduleDestroy: to("compromised"),
    cancelDestroy: notDue,
    destroy: notDue,
  },
  destroyed: {
    activate: gone,
    suspend: gone,
    resume: gone,
    deactivate: gone,
    compromise: no("is destroyed; put on record elsewhere what became known of it."),
    rotate: gone,
    setRotation: gone,
    scheduleDestroy: gone,
    cancelDestroy: gone,
    destroy: gone,
  },
};

const waits = no("is to be destroyed; cancel that first.");

/** What an act does to a key whose destruction is scheduled. */
function whileScheduled(state: KeyState, stateBefore: KeyState, act: KeyAct): Step {
  if (state === "destroyed") return gone;
  if (act === "destroy") return to("destroyed");
  // Whatever the record says it was before, what is compromised stays so.
  if (act === "cancelDestroy") return to(state === "compromised" ? state : stateBefore);
  if (act === "compromise" && state !== "compromised") return to("compromised");
  return waits;
}

/** @param stateBefore set while the key's destruction is scheduled */
export function step(state: KeyState, stateBefore: KeyState | undefined, act: KeyAct): Step {
  if (stateBefore !== undefined) return whileScheduled(state, stateBefore, act);
  return steps[state][act];
}

/**
 * What a key in a state may be used for: `protect` is to sign, encrypt or make data keys, `process`
 * to verify, decrypt or open what it protected before. `warn`: the answer says that it is doubtful.
 */
export const uses: Record<KeyState, Record<"protect" | "process", "yes" | "warn" | "no">> = {
  "pre-active": { protect: "no", process: "no" },
  active: { protect: "yes", process: "yes" },
  suspended: { protect: "no", process: "warn" },
  deactivated: { protect: "no", process: "yes" },
  compromised: { protect: "no", process: "warn" },
  destroyed: { protect: "no", process: "no" },
};

/**
 * What of a key counts now. One that has expired protects nothing, whether its record could be
 * written since then or not.
 * @param now milliseconds since 1970
 */
export function stateAt(
  { state, expireAt }: { state: KeyState; expireAt?: string | undefined },
  now: number,
): KeyState {
  const isOver = expireAt !== undefined && Date.parse(expireAt) <= now;
  return state === "active" && isOver ? "deactivated" : state;
}
