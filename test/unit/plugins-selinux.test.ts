/**
 * What the page of SELinux says of states that this machine's kernel is not in. The proofs and the
 * explanations are real ones of small policies, and every document goes through the contract's schema.
 */
import { createElement, type ReactNode } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import * as v from "valibot";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { explanationSchema, type Proof, selinuxStatusSchema } from "../../agent/selinux/answers.ts";
import { parseKernelLine } from "../../agent/selinux/kernel-line.ts";
import type { ModeReadings } from "../../agent/selinux/mode.ts";
import { modeFacts } from "../../agent/selinux/mode-facts.ts";
import { violationKinds } from "../../agent/selinux/proof/verdict.ts";
import { type Explanation, why } from "../../agent/selinux/proof/why.ts";
import { neverProved } from "../../agent/selinux/prover.ts";
import { TenantPolicy } from "../lib/tenant-policy.ts";

let judging: typeof import("../../plugins/selinux/judge.ts");
let verdict: typeof import("../../plugins/selinux/verdict.tsx");
let proving: typeof import("../../plugins/selinux/proof.tsx");
let explaining: typeof import("../../plugins/selinux/explanation.tsx");
let view: typeof import("../../plugins/selinux/view.ts");
let words: typeof import("../../plugins/selinux/words.ts");

beforeAll(async () => {
  vi.stubGlobal("cockpit", {
    gettext: (text: string) => text,
    ngettext: (one: string, many: string, count: number) => (count === 1 ? one : many),
    language: "en",
  });
  judging = await import("../../plugins/selinux/judge.ts");
  verdict = await import("../../plugins/selinux/verdict.tsx");
  proving = await import("../../plugins/selinux/proof.tsx");
  explaining = await import("../../plugins/selinux/explanation.tsx");
  view = await import("../../plugins/selinux/view.ts");
  words = await import("../../plugins/selinux/words.ts");
});

const enforcing: ModeReadings = {
  now: { value: "enforcing" },
  configured: { value: "enforcing" },
  policyName: { value: "enterprise" },
  kernelLine: { value: parseKernelLine("security=selinux enforcing=1") },
  atBoot: { value: "enforcing" },
  modules: { value: ["capability", "selinux"] },
  unknownPermissions: { value: "deny" },
  checksRequested: { value: false },
  newestVersion: { value: 33 },
  permissiveDomains: { value: [] },
  kernel: { value: "6.12.0" },
};

/** The proof of a policy with two tenants, as the agent tells it. */
function proofOf(change: (policy: TenantPolicy) => void = () => {}): Proof {
  const made = new TenantPolicy(2);
  change(made);
  const { proved, milliseconds, totals, unneeded, violations, ...rest } = made.prove();
  return {
    ...rest,
    state: proved ? "proved" : "refuted",
    at: new Date(Date.now() - 600_000).toISOString(),
    ...{ actor: "agent", seconds: 0.4, error: "" },
    violations: violations.map(({ rule, ...violation }) => violation),
  };
}

function statusOf(part: { mode?: Partial<ModeReadings>; proof?: Proof; current?: boolean | null }) {
  const { mode = {}, proof = proofOf(), current = true } = part;
  return v.parse(selinuxStatusSchema, {
    at: new Date().toISOString(),
    mode: modeFacts({ ...enforcing, ...mode }),
    ...{ proof, current },
  });
}

const shown = (element: ReactNode) => renderToStaticMarkup(element);

/** What can be read, with its marks for tests taken away. */
const readable = (html: string) =>
  html
    .replace(/<[^>]+>/g, " ")
    .replaceAll("&gt;", ">")
    .replace(/\s+/g, " ");

const leaks = (policy: TenantPolicy) =>
  policy.add(`
    allow tenant0001_t tenant0002_vol_t:file { read };
    allow tenant0001_t spool_t:file { write };
    allow tenant0002_t spool_t:file { read };`);

const failed: Proof = {
  ...neverProved,
  ...{ state: "failed", at: new Date().toISOString(), actor: "otto" },
  error: "the policy cannot be read",
};
const permissiveNow: Partial<ModeReadings> = { now: { value: "permissive" } };

describe("the verdict", () => {
  test.each([
    ["proved and enforced", {}, "good", "good"],
    ["not enforced", { mode: permissiveNow }, "permissive", "bad"],
    ["refuted", { proof: proofOf(leaks) }, "refuted", "bad"],
    ["about another policy", { current: false }, "outdated", "unknown"],
    ["refuted of another policy", { current: false, proof: proofOf(leaks) }, "outdated", "unknown"],
    ["broken off", { current: false, proof: failed }, "failed", "unknown"],
    ["not there yet", { current: false, proof: neverProved }, "never", "unknown"],
    ["of no loaded policy", { current: null, proof: neverProved }, "inactive", "bad"],
    [
      "of a mode nobody knows",
      { mode: { now: { unknown: "it is hidden" } } },
      "unknown",
      "unknown",
    ],
    ["until the next start", { mode: { atBoot: { value: "disabled" } } }, "weak", "warning"],
    ["not enforced and refuted", { mode: permissiveNow, proof: proofOf(leaks) }, "refuted", "bad"],
    ["not enforced nor known", { mode: permissiveNow, current: false }, "outdated", "bad"],
  ] as const)("%s", (_name, part, key, level) => {
    const found = judging.judge(statusOf(part), false);
    expect(found).toMatchObject({ key, verdict: level });
    if (key !== "good") expect(found.steps.length).toBeGreaterThan(0);
  });

  test("has a sentence of its own in each case", () => {
    const cases = [
      ...[{}, { mode: permissiveNow }, { proof: proofOf(leaks) }, { current: false }],
      ...[{ proof: failed }, { proof: neverProved }, { current: null }],
      ...[{ mode: { now: { unknown: "?" } } as const }, { mode: { atBoot: { unknown: "?" } } }],
    ].map((part) => judging.judge(statusOf(part), false));
    // What is not known of the next start does not make less of what holds now.
    expect(cases.pop()?.key).toBe("good");
    expect(new Set(cases.map(({ sentence }) => sentence)).size).toBe(cases.length);
    expect(new Set(cases.map(({ key }) => key)).size).toBe(cases.length);
  });

  test("says both where the policy is refuted and nobody enforces it", () => {
    const { means } = judging.judge(
      statusOf({ mode: permissiveNow, proof: proofOf(leaks) }),
      false,
    );
    expect(means).toContain("SELinux is permissive");
  });

  test("is never good when the agent does not answer", () => {
    expect(judging.judge(statusOf({}), true)).toMatchObject({ key: "old", verdict: "unknown" });
  });

  test("shows its age, who asked, and how to check it without the agent", () => {
    const status = statusOf({});
    const text = readable(shown(createElement(verdict.Verdict, { status, stale: false })));
    expect(text).toContain("Proved 10 minutes ago, by the agent itself, in 0.4 s.");
    expect(text).toContain("getenforce");
    expect(text).toContain("sha256sum /sys/fs/selinux/policy");
    expect(text).toContain("dsecos selinux prove --policy /sys/fs/selinux/policy");
    expect(text).toContain(status.proof.policy?.sha256);
  });

  test("offers no hash to compare with where the loaded policy is another", () => {
    const status = statusOf({ current: false });
    const text = readable(shown(createElement(verdict.Verdict, { status, stale: false })));
    expect(text).not.toContain(status.proof.policy?.sha256);
  });

  test("says why the proof broke off, once", () => {
    const render = (current: boolean | null) =>
      readable(
        shown(
          createElement(verdict.Verdict, {
            status: statusOf({ proof: failed, current }),
            stale: false,
          }),
        ),
      );
    expect(render(false).split(failed.error)).toHaveLength(2);
    expect(render(null).split(failed.error)).toHaveLength(2);
  });
});

describe("the proof", () => {
  const tab = (proof: Proof) => shown(createElement(proving.ProofTab, { proof, inactive: false }));

  test("shows policy, counts, type ids and exceptions with what they mean", () => {
    const proof = proofOf();
    const html = tab(proof);
    const text = readable(html);
    expect(text).toContain(proof.policy?.sha256);
    expect(text).toContain(`${proof.counts?.typeIds} of 65,535`);
    expect(html).toContain('role="meter"');
    // There are ids for more, and names for 9,999.
    expect(text).toContain("There is room for 9,997 more slots.");
    for (const name of [...proof.trustedBase, ...proof.shared]) expect(text).toContain(name);
    expect(text).not.toContain("speaks against it");
  });

  test("names every guilty rule, and the way over the host step by step", () => {
    const html = tab(proofOf(leaks));
    const text = readable(html);
    expect(text).toContain("2 things speak against it");
    expect(html).toContain('data-kind="access"');
    expect(html).toContain('data-kind="flow"');
    expect(text).toContain("tenant0001 → tenant0002");
    expect(text).toContain("allow tenant0001_t tenant0002_vol_t:file { read };");
    expect(text).toContain("The way, 2 steps");
    expect(text).toContain("tenant0001_t → spool_t");
    expect(text).toContain("spool_t → tenant0002_t");
    // The reader acts on where it reads from, whichever way the information goes.
    expect(html).toContain("#/why?source=tenant0002_t&amp;target=spool_t&amp;class=file");
  });

  test("tells how many are not listed", () => {
    const proof = proofOf(leaks);
    expect(tab(proof)).not.toContain("data-more");
    expect(readable(tab({ ...proof, total: 64 }))).toContain("62 more are not listed here.");
  });

  test("has words for every kind, and shows one that it does not know as it is", () => {
    for (const kind of violationKinds) expect(words.kindWords(kind)?.todo, kind).toBeTruthy();
    const [first] = proofOf(leaks).violations;
    if (!first) throw new Error("nothing was found");
    const html = tab({ ...proofOf(), total: 1, violations: [{ ...first, kind: "wormhole" }] });
    expect(readable(html)).toContain(`wormhole tenant0001 → tenant0002 ${first.sentence}`);
  });
});

describe("an explanation", () => {
  const policy = new TenantPolicy(2);
  policy.add("allow dsecos_tenant_domain dsecos_tenant_volume:file { read };");
  policy.addIf("off", "allow tenant0001_t tenant0002_t:process { signal };");
  policy.model.permissive.push("helper_t");
  const parsed = policy.parse();

  function explained(of: Parameters<typeof ask>, change: Partial<Explanation> = {}) {
    const explanation = v.parse(explanationSchema, { ...ask(...of), ...change });
    const html = shown(createElement(explaining.Explained, { explanation }));
    return { html, text: readable(html) };
  }
  const ask = (source: string, target: string, of: string) => why(parsed, source, target, of);

  test("names the attributes through which a rule allows", () => {
    const { html, text } = explained(["tenant0001_t", "tenant0002_vol_t", "file"]);
    expect(html).toContain('data-verdict="allowed"');
    expect(text).toContain("Rules let tenant0001_t act on a file of tenant0002_vol_t.");
    expect(text).toContain(
      "through the attributes dsecos_tenant_domain and dsecos_tenant_volume always",
    );
  });

  test("says that a boolean is in the way", () => {
    const { html, text } = explained(["tenant0001_t", "tenant0002_t", "process"]);
    expect(html).toContain('data-verdict="boolean"');
    expect(text).toContain("if off, which is not so now not now");
    expect(text).toContain("With other booleans signal");
  });

  test("says that nothing allows it, or that nothing is refused", () => {
    expect(explained(["tenant0001_t", "tenant0002_run_t", "file"]).html).toContain(
      'data-verdict="refused"',
    );
    expect(explained(["helper_t", "etc_t", "file"]).html).toContain('data-verdict="permissive"');
  });

  test("does not call allowed what constraints refuse", () => {
    const of: Parameters<typeof ask> = ["tenant0001_t", "tenant0002_vol_t", "file"];
    const constraint = { permissions: ["read"], expression: "(t1 eq t2)" };
    const refused = explained(of, { constraints: [{ ...constraint, effect: "refuses" }] });
    expect(refused.html).toContain('data-verdict="constrained"');
    expect(refused.text).toContain("Refused by constraints read");
    expect(refused.text).not.toContain("May do");
    const depends = explained(of, { constraints: [{ ...constraint, effect: "depends" }] });
    expect(depends.html).toContain('data-verdict="allowed"');
    expect(depends.text).toContain("may refuse read by user, role or level");
  });

  test("tells which type is given to what is new", () => {
    const { text } = explained(["tenant0001_t", "tmpfs_t", "file"]);
    expect(text).toContain("type_transition → tenant0001_run_t");
  });
});

describe("the address", () => {
  const at = (options: Record<string, string[]>) => view.readAsked({ path: ["why"], options });

  test("holds what is asked", () => {
    const asked = at({ source: ["a_t"], target: ["b_t"], class: ["file"] });
    expect(view.isWhole(asked)).toBe(true);
    expect(view.askAddress(asked)).toBe("#/why?source=a_t&target=b_t&class=file");
  });

  test("may be anything", () => {
    for (const options of [{}, { source: ["a_t"] }, { source: ["x y"], target: ["b_t"] }]) {
      expect(view.isWhole(at(options))).toBe(false);
    }
    expect(view.nameProblem("source", "x y")).toContain("letters, digits and underscores");
    expect(view.nameProblem("class", "file")).toBe("");
  });
});
