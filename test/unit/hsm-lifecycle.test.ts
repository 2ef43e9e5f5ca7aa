/** States of keys: the table of NIST SP 800-57 is total, and nothing leads back from the end. */
import { describe, expect, test } from "vitest";
import { type KeyAct, keyActs, step, uses } from "../../agent/hsm/keys/lifecycle.ts";
import { type KeyState, keyStates } from "../../agent/hsm/keys/record.ts";
import { transition } from "../../agent/hsm/keys/transition.ts";
import { keyRecord } from "../lib/hsm-records.ts";

const befores = [undefined, ...keyStates] as const;
const at = new Date("2026-11-22T12:00:00.000Z");
const who = { user: "officer", why: "test" };

/** Every way out of a state, scheduled for destruction or not. */
function reachable(from: KeyState): Set<KeyState> {
  const found = new Set<KeyState>();
  for (const before of befores) {
    for (const act of keyActs) {
      const result = step(from, before, act);
      if ("to" in result) found.add(result.to);
    }
  }
  return found;
}

describe("the table", () => {
  test.each(keyStates.flatMap((state) => befores.map((before) => [state, before] as const)))(
    "answers every act on a key that is %s, to be destroyed from %s",
    (state, before) => {
      for (const act of keyActs) {
        const result = step(state, before, act);
        if ("to" in result) expect(keyStates).toContain(result.to);
        // The end of a sentence that says what to do.
        else expect(result.refusal, act).toMatch(/^(is|was) .+[;,].+\.$/);
      }
    },
  );

  test("has the edges of the standard and no others", () => {
    const edges = keyStates.flatMap((from) =>
      keyActs.flatMap((act) => {
        const result = step(from, undefined, act);
        return "to" in result && result.to !== from ? [`${from} ${act} ${result.to}`] : [];
      }),
    );
    expect(edges).toEqual([
      "pre-active activate active",
      "pre-active compromise compromised",
      "active suspend suspended",
      "active deactivate deactivated",
      "active compromise compromised",
      "active scheduleDestroy deactivated",
      "suspended resume active",
      "suspended deactivate deactivated",
      "suspended compromise compromised",
      "suspended scheduleDestroy deactivated",
      "deactivated compromise compromised",
    ]);
  });

  test("lets nothing leave destroyed, and compromised only for it", () => {
    expect(reachable("destroyed")).toEqual(new Set());
    expect([...reachable("compromised")].sort()).toEqual(["compromised", "destroyed"]);
  });

  test("destroys only what was scheduled, and cancels only that", () => {
    for (const state of keyStates) {
      for (const act of ["destroy", "cancelDestroy"] as const) {
        expect(step(state, undefined, act)).toHaveProperty("refusal");
      }
    }
  });

  test("lets a key that waits for its end be cancelled, compromised or destroyed, and no more", () => {
    const allowed = keyActs.filter((act) => "to" in step("deactivated", "active", act));
    expect(allowed).toEqual(["compromise", "cancelDestroy", "destroy"]);
  });

  test("lets only an active key protect, and a destroyed or unborn one do nothing", () => {
    expect(keyStates.filter((state) => uses[state].protect !== "no")).toEqual(["active"]);
    expect(keyStates.filter((state) => uses[state].process === "no")).toEqual([
      "pre-active",
      "destroyed",
    ]);
  });
});

describe("a transition", () => {
  const on = (record: Parameters<typeof transition>[0], act: KeyAct) =>
    transition(record, act, who, at);

  test("writes who, when and why, and counts up", () => {
    const next = on(keyRecord(), "suspend");
    expect(next.history.at(-1)).toEqual({
      ...{ at: at.toISOString(), by: "officer", state: "suspended", why: "test" },
    });
    expect(next.revision).toBe(2);
  });

  test("goes back to where it was when its end is cancelled", () => {
    for (const state of [
      "pre-active",
      "active",
      "suspended",
      "deactivated",
      "compromised",
    ] as const) {
      const waiting = {
        ...on(keyRecord({ state }), "scheduleDestroy"),
        destroyAt: at.toISOString(),
      };
      expect(waiting.stateBefore).toBe(state);
      const back = on(waiting, "cancelDestroy");
      expect(back.state).toBe(state);
      expect(back).not.toHaveProperty("destroyAt");
      expect(back).not.toHaveProperty("stateBefore");
    }
  });

  test("comes back as compromised when that became known while it waited", () => {
    const waiting = { ...on(keyRecord(), "scheduleDestroy"), destroyAt: at.toISOString() };
    const known = on(waiting, "compromise");
    expect(known.destroyAt).toBe(waiting.destroyAt);
    expect(on(known, "cancelDestroy").state).toBe("compromised");
  });

  test("ends rotation with the last use", () => {
    const rotating = keyRecord({ rotateDays: 30, rotateAt: at.toISOString() });
    expect(on(rotating, "suspend").rotateDays).toBe(30);
    for (const act of ["deactivate", "compromise"] as const) {
      expect(on(rotating, act)).not.toHaveProperty("rotateAt");
    }
  });

  test("is refused with the key's name and what to do", () => {
    expect(() => on(keyRecord({ state: "suspended" }), "rotate")).toThrow(
      "documents is suspended; resume it first.",
    );
  });
});
