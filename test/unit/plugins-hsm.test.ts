/** What the page of keys says and asks, of states that no test stack is in. Drivers go through the contract's schema. */
import { createElement, type ReactNode } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import * as v from "valibot";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { type DriverRow, driverSchema, driverStates } from "../../agent/hsm/drivers/answers.ts";
import { rulesSchema } from "../../agent/hsm/jurisdiction/rules.ts";
import { keyFilterSchema, keySpecSchema } from "../../agent/hsm/keys/answers.ts";
import { keyStates } from "../../agent/hsm/keys/record.ts";
import { tokenFilterSchema } from "../../agent/hsm/tokens/answers.ts";
import type { Place } from "../../plugins/lib/location.ts";

let judge: typeof import("../../plugins/hsm/judge.ts");
let panels: typeof import("../../plugins/hsm/drivers/panels.tsx");
let none: typeof import("../../plugins/hsm/drivers/none.tsx");
let tokens: typeof import("../../plugins/hsm/tokens/view.ts");
let tokenWords: typeof import("../../plugins/hsm/tokens/words.ts");
let keys: typeof import("../../plugins/hsm/keys/view.ts");
let possible: typeof import("../../plugins/hsm/keys/possible.ts");
let draft: typeof import("../../plugins/hsm/keys/draft.ts");
let usage: typeof import("../../plugins/hsm/keys/usage.tsx");
let rules: typeof import("../../plugins/hsm/rules/draft.ts");
let question: typeof import("../../plugins/hsm/rules/question.ts");
let statement: typeof import("../../plugins/hsm/statement/words.ts");

beforeAll(async () => {
  vi.stubGlobal("cockpit", {
    gettext: (text: string) => text,
    ngettext: (one: string, many: string, count: number) => (count === 1 ? one : many),
    language: "en",
  });
  judge = await import("../../plugins/hsm/judge.ts");
  panels = await import("../../plugins/hsm/drivers/panels.tsx");
  none = await import("../../plugins/hsm/drivers/none.tsx");
  tokens = await import("../../plugins/hsm/tokens/view.ts");
  tokenWords = await import("../../plugins/hsm/tokens/words.ts");
  keys = await import("../../plugins/hsm/keys/view.ts");
  possible = await import("../../plugins/hsm/keys/possible.ts");
  draft = await import("../../plugins/hsm/keys/draft.ts");
  usage = await import("../../plugins/hsm/keys/usage.tsx");
  rules = await import("../../plugins/hsm/rules/draft.ts");
  question = await import("../../plugins/hsm/rules/question.ts");
  statement = await import("../../plugins/hsm/statement/words.ts");
});

const readable = (element: ReactNode) =>
  renderToStaticMarkup(element)
    .replace(/<[^>]+>/g, " ")
    .replaceAll("&#x27;", "'")
    .replace(/\s+/g, " ");

const now = "2026-11-22T12:00:00.000Z";

function driver(changes: Partial<DriverRow> = {}): DriverRow {
  return v.parse(driverSchema, {
    ...{ name: "softhsm", file: "/etc/dsecos/hsm.d/softhsm.json", state: "ready", reason: "" },
    ...{ since: now, restarts: 0, module: "/usr/lib/softhsm/libsofthsm2.so", region: "UK" },
    ...{ tokensAre: "created", says: null, tokens: 1, fips: null },
    assurance: { kind: "software", validated: "no", words: "Software token." },
    pin: { credential: "hsm-softhsm", source: "credential", seal: "host", words: "A file." },
    ...changes,
  });
}

const hardware = (validated: "claimed" | "no") =>
  driver({ name: "luna", assurance: { kind: "hardware", validated, words: "Hardware token." } });

const verdictOf = (...rows: DriverRow[]) =>
  judge.judge({ at: now, directory: "/etc/dsecos/hsm.d", rows }, false);

const place = (options: Place["options"], path: string[] = []): Place => ({ path, options });

describe("what protects the keys", () => {
  test("is as weak as the weakest driver", () => {
    expect(verdictOf(hardware("claimed"))).toMatchObject({ key: "claimed", verdict: "good" });
    expect(verdictOf(hardware("claimed"), driver())).toMatchObject({
      ...{ key: "software", verdict: "warning" },
      sentence: expect.stringContaining("It is not FIPS validated."),
    });
    expect(verdictOf(hardware("no"))).toMatchObject({ key: "unvalidated", verdict: "warning" });
  });

  test("is unknown without a driver, without an answer, and without a token that could be asked", () => {
    const unknown = driver({ assurance: { kind: "unknown", validated: "no", words: "Unknown." } });
    expect(verdictOf()).toMatchObject({ key: "none", verdict: "unknown" });
    expect(verdictOf(unknown, hardware("claimed")).verdict).toBe("unknown");
    const answer = { at: now, directory: "/", rows: [hardware("claimed")] };
    expect(judge.judge(answer, true)).toMatchObject({ key: "stale", verdict: "unknown" });
  });

  test.each(driverStates.filter((state) => state !== "ready"))(
    "is bad while a driver is %s, with what to do",
    (state) => {
      const down = driver({ state, reason: "The module ended with code 5." });
      expect(verdictOf(down, hardware("claimed"))).toMatchObject({ key: "down", verdict: "bad" });
      const text = readable(createElement(panels.DriverPanels, { rows: [down] }));
      expect(text).toContain("The module ended with code 5.");
      expect(text).toContain(
        state === "badFile" ? down.file : "systemctl restart dsecos-hsm@softhsm.socket",
      );
    },
  );

  test("says how a first driver is set up", () => {
    const text = readable(createElement(none.NoDriver, { directory: "/etc/dsecos/hsm.d" }));
    expect(text).toContain("systemctl enable --now dsecos-hsm@luna.socket");
  });
});

describe("what stands in the address", () => {
  test("is left out where it does not fit, and is what the agent takes", () => {
    const wild = { state: ["absent", "x"], sort: ["-keys"], rows: ["7"], open: ["a"], due: ["31"] };
    const view = tokens.readTokenView(place(wild));
    expect(view).toMatchObject({ state: ["absent"], sort: "keys", descending: true, perPage: 100 });
    expect(v.is(tokenFilterSchema, tokens.filterOf(view))).toBe(true);
    const list = keys.readKeyView(place({ ...wild, state: ["active", "absent"] }));
    expect(list).toMatchObject({ state: ["active"], sort: "name", dueDays: 0 });
    expect(v.is(keyFilterSchema, keys.filterOf(list))).toBe(true);
  });

  test("counts as a filter only where it takes something away", () => {
    const filtered = (options: Place["options"]) =>
      keys.isFiltered(keys.readKeyView(place(options)));
    expect(filtered({ sort: ["-name"], rows: ["500"], text: [" "] })).toBe(false);
    for (const option of [{ tenant: ["a"] }, { due: ["30"] }, { troubled: ["yes"] }]) {
      expect(filtered(option)).toBe(true);
    }
  });

  test("asks about a recipient for a transfer alone", () => {
    const asked = question.readQuestion(place({ act: ["use"], token: ["uk"], recipient: ["DE"] }));
    expect(question.questionOf(asked)).toEqual({ act: "use", token: "UK" });
    expect(question.isWhole(asked)).toBe(true);
    expect(question.isWhole({ ...asked, act: "transfer", recipient: "" })).toBe(false);
    expect(question.isWhole({ ...asked, token: "" })).toBe(false);
  });
});

describe("keys", () => {
  test("that cannot be counted are unknown, never none", () => {
    const row = { keys: null, state: "absent" } as Parameters<typeof tokenWords.keysOf>[0];
    expect(tokenWords.keysOf(row)).toBe("unknown");
    expect(tokenWords.keysOf({ ...row, state: "ready" })).toBe("not read yet");
    expect(tokenWords.keysOf({ ...row, keys: 0 })).toBe("0");
  });

  test("are chosen for an act by the agent's own table of states", () => {
    const all = keyStates.map((state) => ({ name: state, state }));
    expect(possible.possible(all, "suspend").map(({ name }) => name)).toEqual(["active"]);
    expect(possible.possible(all, "resume").map(({ name }) => name)).toEqual(["suspended"]);
    const waiting = { name: "old", state: "deactivated", stateBefore: "active" } as const;
    expect(possible.whyNot(waiting, "rotate")).toBe("old is to be destroyed; cancel that first.");
    expect(possible.whyNot(waiting, "cancelDestroy")).toBeUndefined();
  });

  test("are described as the agent takes them, and not when they would expire before they begin", () => {
    const at = Date.parse(now);
    const typed = { ...draft.blank, tenant: "mod-defense", name: "documents" };
    expect(v.is(keySpecSchema, draft.specOf(typed))).toBe(true);
    expect(draft.draftProblems(typed, at)).toEqual(
      Object.fromEntries(Object.keys(typed).map((key) => [key, ""])),
    );
    const dates = { ...typed, activate: "2027-02-01", expire: "2027-02-01" };
    expect(draft.specOf(dates)).toMatchObject({ activateAt: "2027-02-01T00:00:00.000Z" });
    expect(draft.draftProblems(dates, at).expire).not.toBe("");
    expect(draft.draftProblems({ ...typed, activate: "2026-11-22" }, at).activate).not.toBe("");
    expect(draft.draftProblems({ ...typed, rotateDays: "" }, at).rotateDays).not.toBe("");
  });

  test("are counted by day and by kind, most often first", () => {
    const days = [
      { day: "2026-11-21", uses: { verify: 1 } },
      { day: "2026-11-22", uses: { sign: 3, verify: 1 } },
    ];
    expect(usage.sumsOf({ days })).toEqual({
      perDay: [
        { at: Date.parse("2026-11-21"), value: 1 },
        { at: Date.parse("2026-11-22"), value: 4 },
      ],
      total: 5,
      kinds: [
        ["sign", 3],
        ["verify", 2],
      ],
    });
  });
});

describe("rules", () => {
  const typed = { live: "uk, de", use: "UK", needed: "1", approvers: "" };

  test("are sent as they are meant, and come back as they were typed", () => {
    expect(rules.rulesOf(typed)).toEqual({ live: ["UK", "DE"], use: ["UK"] });
    const quorum = { needed: 2, approvers: ["1010:jane", "1011:omar"] };
    const set = { live: ["UK"], use: ["UK"], quorum };
    expect(rules.rulesOf(rules.draftOf(set))).toEqual(set);
    expect(v.is(rulesSchema, set)).toBe(true);
    expect(rules.sameRules({ ...set, live: ["DE", "UK"] }, { ...set, live: ["UK", "DE"] })).toBe(
      true,
    );
    expect(rules.sameRules(set, { live: ["UK"], use: ["UK"] })).toBe(false);
  });

  test("say what is wrong with each field", () => {
    const wrong = rules.rulesProblems({ live: "", use: "UKX", needed: "0", approvers: "jane" });
    expect(Object.values(wrong).filter(Boolean)).toHaveLength(4);
    expect(rules.rulesProblems(typed)).toEqual({ live: "", use: "", needed: "", approvers: "" });
  });
});

describe("a statement", () => {
  test("can be had for months of the past, newest first, over the turn of the year", () => {
    const months = statement.monthsBefore(Date.parse("2026-01-31T23:00:00Z"), 3);
    expect(months).toEqual(["2026-01", "2025-12", "2025-11"]);
  });

  test("is a file for spreadsheets in which no cell becomes a formula", () => {
    const row = {
      ...{ key: "documents", version: 1, operation: "sign", receipts: 3, counted: 5, failed: 0 },
      ...{ difference: 2, reason: "unexplained" as const, sentence: '=a "b", c' },
    };
    const [head, line] = statement.csvOf({ rows: [row] }).split("\r\n");
    expect(head).toBe("key,version,operation,receipts,counted,failed,difference,reason,sentence");
    expect(line).toBe(`documents,1,sign,3,5,0,2,unexplained,"'=a ""b"", c"`);
  });
});
