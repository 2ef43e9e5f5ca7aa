/**
 * What the parts of SELinux's page say of states that this machine's kernel is not in. Every document
 * goes through the contract's schema, and proofs are real ones of small policies.
 */
import { createElement, type ReactNode } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import * as v from "valibot";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { selinuxStatusSchema } from "../../agent/selinux/answers.ts";
import { denialSchema } from "../../agent/selinux/denials/answers.ts";
import { labelStates } from "../../agent/selinux/labels/answers.ts";
import {
  builtPolicySchema,
  origins,
  policyEvents,
  sections,
} from "../../agent/selinux/loads/answers.ts";
import { settingsSchema } from "../../agent/selinux/settings/answers.ts";
import { TenantPolicy } from "../lib/tenant-policy.ts";

let reach: typeof import("../../plugins/selinux/tenants/reach.ts");
let matrix: typeof import("../../plugins/selinux/tenants/matrix.tsx");
let list: typeof import("../../plugins/lib/list.ts");
let finding: typeof import("../../plugins/selinux/settings/find.ts");
let labels: typeof import("../../plugins/selinux/labels/words.ts");
let words: typeof import("../../plugins/selinux/policies/words.ts");
let policies: typeof import("../../plugins/selinux/policies/tab.tsx");
let detail: typeof import("../../plugins/selinux/policies/detail.tsx");
let pending: typeof import("../../plugins/selinux/policies/pending.tsx");
let denials: typeof import("../../plugins/selinux/denials/words.ts");
let denial: typeof import("../../plugins/selinux/denials/detail.tsx");

beforeAll(async () => {
  vi.stubGlobal("cockpit", {
    gettext: (text: string) => text,
    ngettext: (one: string, many: string, count: number) => (count === 1 ? one : many),
    language: "en",
  });
  reach = await import("../../plugins/selinux/tenants/reach.ts");
  matrix = await import("../../plugins/selinux/tenants/matrix.tsx");
  list = await import("../../plugins/lib/list.ts");
  finding = await import("../../plugins/selinux/settings/find.ts");
  labels = await import("../../plugins/selinux/labels/words.ts");
  words = await import("../../plugins/selinux/policies/words.ts");
  policies = await import("../../plugins/selinux/policies/tab.tsx");
  detail = await import("../../plugins/selinux/policies/detail.tsx");
  pending = await import("../../plugins/selinux/policies/pending.tsx");
  denials = await import("../../plugins/selinux/denials/words.ts");
  denial = await import("../../plugins/selinux/denials/detail.tsx");
});

const shown = (element: ReactNode) => renderToStaticMarkup(element);
const readable = (html: string) =>
  html
    .replace(/<[^>]+>/g, " ")
    .replaceAll("&gt;", ">")
    .replaceAll("&#x27;", "'")
    .replace(/\s+/g, " ");

const now = () => new Date().toISOString();
const hash = (letter: string) => letter.repeat(64);

function statusOf(rules = "", current: boolean | null = true) {
  const made = new TenantPolicy(4);
  made.add(rules);
  const { proved, milliseconds, totals, unneeded, violations, ...rest } = made.prove();
  const proof = {
    ...rest,
    state: proved ? "proved" : "refuted",
    ...{ at: now(), actor: "agent", seconds: 0.4, error: "" },
    violations: violations.map(({ rule, ...violation }) => violation),
  };
  return v.parse(selinuxStatusSchema, { at: now(), mode: [], proof, current });
}

const leaks = `
  allow tenant0001_t tenant0002_vol_t:file { read };
  allow tenant0003_t security_t:security { load_policy };`;

describe("reach between tenants", () => {
  const panel = (...of: Parameters<typeof statusOf>) =>
    shown(createElement(matrix.ReachPanel, { status: statusOf(...of), stale: false }));

  test("is none where the loaded policy is proved", () => {
    const text = readable(panel());
    expect(text).toContain("good No slot reaches another: of 12 possible ways");
    expect(panel()).not.toContain("se-matrix");
  });

  test("is not called good where the proof is of another policy, or old", () => {
    expect(readable(panel("", false))).not.toContain("good");
    expect(readable(panel("", false))).toContain(
      "which is not about the policy that is loaded now",
    );
    const old = createElement(matrix.ReachPanel, { status: statusOf(), stale: true });
    expect(readable(shown(old))).not.toContain("good");
  });

  test("names each pair with its rule, and what is about one tenant apart", () => {
    const html = panel(leaks);
    const text = readable(html);
    expect(text).toContain("1 of 12 possible ways from one slot to another are open.");
    expect(html).toContain('data-pair="tenant0001 tenant0002"');
    expect(text).toContain("allow tenant0001_t tenant0002_vol_t:file { read };");
    expect(html.match(/se-guilty/g)).toHaveLength(1);
    expect(text).toContain("1 more thing speaks against the proof");
    expect(text).not.toContain("good");
  });

  test("has the names of those who have the slots", () => {
    const { proof } = statusOf(leaks);
    const [first, ...rest] = proof.violations;
    if (!first) throw new Error("nothing was found");
    const named = { ...first, holders: ["defense", ""] };
    const [pair] = reach.reachOf({ ...proof, violations: [named, ...rest] }).pairs;
    expect(pair).toMatchObject({ fromName: "defense", toName: "tenant0002" });
  });
});

describe("the address of a list", () => {
  const at = (options: Record<string, string[]>) =>
    list.readList({ path: ["denials"], options }, [20, 50, 100]);

  test("may be anything", () => {
    expect(at({})).toMatchObject({ text: "", cursor: "", perPage: 50 });
    expect(at({ rows: ["7"], text: ["x".repeat(500)] })).toMatchObject({ perPage: 50 });
    expect(at({ text: ["x".repeat(500)] }).text).toHaveLength(200);
    expect(at({ rows: ["100"] }).perPage).toBe(100);
  });

  test("keeps the rows that were opened last", () => {
    const open = ["a", "b", "c", "d", "e"];
    expect(list.toggled(new Set(open), "c")).toEqual(["a", "b", "d", "e"]);
    expect(list.toggled(new Set(open), "f")).toEqual(["b", "c", "d", "e", "f"]);
  });
});

test("settings are searched in all their lists at once", () => {
  const settings = v.parse(settingsSchema, {
    ...{ at: now(), state: "enforcing", policy: null, counts: null, mostTypeIds: 65_535 },
    booleans: [
      ...[{ name: "ssh_chroot", description: "Let sshd chroot", current: true, pending: true }],
      ...[{ name: "cron_can", description: "Let cron mail", current: false, pending: false }],
    ].map((one) => ({ ...one, default: null, rules: 1 })),
    permissive: ["sshd_t"],
    users: [{ name: "user_u", roles: ["user_r"], level: "s0", range: "s0" }],
    logins: [{ login: "root", user: "root", range: "s0" }],
    ports: [{ type: "ssh_port_t", protocol: "tcp", range: "22" }],
    capabilities: [{ name: "open_perms", on: true }],
    fileSystems: [],
    store: {
      ...{ name: "enterprise", directory: "/etc/selinux/enterprise", ours: true },
      modules: [{ name: "access", reason: "People log in.", modules: ["ssh", "login"] }],
    },
    unknown: [],
  });
  const found = finding.find(settings, " SSH ");
  expect(found.booleans.map(({ name }) => name)).toEqual(["ssh_chroot"]);
  expect(found.permissive).toEqual(["sshd_t"]);
  expect(found.ports).toHaveLength(1);
  expect(found.modules).toHaveLength(1);
  expect([...found.users, ...found.logins, ...found.capabilities]).toEqual([]);
  expect(finding.find(settings, "tcp 22").ports).toHaveLength(1);
  expect(finding.find(settings, "").booleans).toHaveLength(2);
});

describe("labels", () => {
  const tally = { checked: 5, wrong: 0, unknown: 0 };
  const said = (state: (typeof labelStates)[number], inactive = false, wrong = [0, 0]) =>
    labels.stateWords(
      {
        state,
        processes: { ...tally, wrong: wrong[0] ?? 0, tenants: 0, list: [] },
        files: {
          ...{ ...tally, wrong: wrong[1] ?? 0, customized: 0, kept: 0, matching: 0 },
          ...{ rows: [], next: "" },
        },
      },
      inactive,
    );

  test("are good only where all that was looked at is right and counts", () => {
    const good = labelStates.filter((state) => said(state, false, [1, 1]).verdict === "good");
    expect(good).toEqual(["right"]);
    expect(said("right", true).verdict).toBe("unknown");
  });

  test("are told by what is wrong", () => {
    expect(said("wrong", false, [1, 0]).sentence).toBe("1 process is in the wrong domain.");
    expect(said("wrong", false, [0, 2]).sentence).toBe("2 files have wrong labels.");
    expect(said("wrong", false, [2, 1]).sentence).toContain("domain; 1 file has a wrong label.");
  });
});

describe("policies", () => {
  const event = (name: string, sequence: number, reason = "") => ({
    ...{ event: name, at: now(), actor: "otto", sequence, reason },
  });
  const built = (letter: string, state: string, problem = "") =>
    v.parse(builtPolicySchema, {
      ...{ policy: hash(letter), state, problem, statement: null },
      events: [event("rolled back", 2, "Nobody confirmed it in time."), event("built", 1)],
    });

  test("have words for every state, event, origin and kind of difference", () => {
    for (const origin of origins) expect(words.originWords(origin).means).toBeTruthy();
    for (const one of policyEvents) expect(words.eventName(one)).toBeTruthy();
    expect(new Set(sections.map(words.sectionName)).size).toBe(sections.length);
    for (const state of builtPolicySchema.entries.state.pipe[0].options)
      expect(words.stateName(state)).toBeTruthy();
  });

  test("say what became of each, and why it cannot be loaded", () => {
    const of = { built: built("a", "kept", "Its signature does not hold.") };
    const text = readable(shown(createElement(detail.PolicyDetail, of)));
    expect(text).toContain("It cannot be loaded: Its signature does not hold.");
    expect(text).toContain("taken back on");
    expect(text).toContain("Nobody confirmed it in time.");
  });

  test("are compared with the one before that is still there", () => {
    const rows = [built("a", "loaded"), built("b", "removed"), built("c", "kept")];
    expect(rows[0] && policies.builtBefore(rows, rows[0])?.policy).toBe(hash("c"));
    expect(rows[2] && policies.builtBefore(rows, rows[2])).toBeUndefined();
  });

  test("on trial say how long they stay; others say nothing", () => {
    const loaded = (origin: (typeof origins)[number], seconds: number) => ({
      ...{ origin, policy: hash("a"), by: "otto" },
      confirmUntil: new Date(Date.now() + seconds * 1000).toISOString(),
    });
    const banner = (...of: Parameters<typeof loaded>) =>
      readable(shown(createElement(pending.Pending, { loaded: loaded(...of) })));
    expect(banner("pending", 59.5)).toMatch(/aaaaaaaaaaaa goes again in (1:00|0:5\d) unless/);
    expect(banner("pending", -3)).toContain("is being taken back");
    expect(banner("confirmed", 60)).toBe("");
    expect([words.clock(0), words.clock(65), words.clock(-5)]).toEqual(["0:00", "1:05", "0:00"]);
  });
});

describe("a denial", () => {
  const of = (explanation: unknown, more: object = {}) =>
    v.parse(denialSchema, {
      ...{ key: "k", by: "kernel", decision: "denied", sourceType: "a_t", targetType: "b_t" },
      ...{ class: "file", permissions: ["read"], count: 3, passed: 0, first: now(), last: now() },
      ...{ source: "u:r:a_t:s0", target: "u:r:b_t:s0", details: {}, paths: [], ports: [] },
      ...{ explanation, ...more },
    });
  const text = (...given: Parameters<typeof of>) =>
    readable(shown(createElement(denial.DenialDetail, { denial: of(...given) })));

  test("has words, a picture and something to do for every cause", () => {
    const { cause } = denialSchema.entries.explanation.wrapped.entries;
    for (const one of cause.options) {
      const { name, todo, icon } = denials.causeWords(one);
      expect(name && todo && icon, one).toBeTruthy();
    }
    expect(denials.causeOf(of(null))).toBe("unknown");
  });

  test("names tenants where they are known, and slots where not", () => {
    const sides = (more: object) => denials.sides(of(null, more));
    expect(sides({ sourceSlot: 1, targetSlot: 2, sourceTenant: "defense" })).toBe(
      "defense → slot 2",
    );
    expect(sides({ sourceSlot: 1, targetSlot: 1 })).toBe("slot 1 → itself");
    expect(sides({})).toBe("host → host");
  });

  test("offers nothing where it was refused on purpose, and what it opens where not", () => {
    const kept = { cause: "isolation", text: "It worked.", alarm: true };
    expect(text(kept)).toContain("nothing is offered here that would open it");
    const files = [{ path: "/srv/a b", found: "u:r:x_t:s0", restored: "u:r:y_t:s0" }];
    const wrong = { cause: "label", text: "Wrong.", alarm: false, fix: { kind: "restore", files } };
    expect(text(wrong)).toContain("dsecos selinux restore '/srv/a b'");
    const choices = [{ type: "ssh_port_t", ports: ["tcp 22"], cil: "(portcon)", domains: 4 }];
    const port = { cause: "port", text: "Port.", alarm: false, fix: { kind: "port", choices } };
    expect(text(port)).toContain("4 domains may use it. It has: tcp 22 (portcon)");
  });

  test("says where it was let pass", () => {
    expect(text(null, { passed: 3 })).toContain("let pass each time");
    expect(text(null, { passed: 1 })).toContain("let pass 1 time,");
    expect(text(null)).not.toContain("let pass");
  });
});
