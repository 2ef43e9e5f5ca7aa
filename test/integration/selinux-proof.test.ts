/** The reader and the proof on Debian's own policy, with and without tenants, beside setools. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ATTRIBUTES, slotTypes } from "../../agent/selinux/policy/names.ts";
import {
  type Policy,
  type PolicyCounts,
  parsePolicy,
} from "../../agent/selinux/policydb/policy.ts";
import { ruleKinds } from "../../agent/selinux/policydb/rules.ts";
import { type Assumptions, prove } from "../../agent/selinux/proof/prove.ts";
import { slotsOf, type TenantTypes } from "../../agent/selinux/proof/tenants.ts";
import { why } from "../../agent/selinux/proof/why.ts";
import { assume } from "../lib/assume.ts";
import { fuzz, randomNumbers } from "../lib/fuzz-policy.ts";
import { queries, seinfo, type WrittenRule } from "../lib/policy-answers.ts";
import { writePolicy } from "../lib/policy-writer.ts";
import { removeTree } from "../lib/remove-tree.js";
import { compileTenants } from "../lib/tenant-cil.ts";
import { fullPolicy } from "../lib/tenant-policy.ts";

const minutes = 60_000;
const asked = 1_000;
const mutated = { small: 100_000, large: 40 };
const tenants = 10;
const [one, two, three, four, five, six] = [1, 2, 3, 4, 5, 6].map(slotTypes);

/** Leaks that secilc compiles, each between tenants that no other one is about. */
const leaks = `
(allow ${one?.container} ${two?.volume} (file (read)))
(boolean test_leak false)
(booleanif test_leak (true (allow ${three?.vm} ${four?.image} (blk_file (read)))))
(typetransition ${five?.container} tmpfs_t file "test.lock" ${six?.run})
(typealias test_alias_t) (typealiasactual test_alias_t ${six?.volume})
(allow ${five?.container} test_alias_t (dir (search)))
(typeattribute test_group) (typeattributeset test_group (${one?.vm} ${three?.container}))
(allow test_group test_group (process (signal)))
(type test_spool_t) (roletype object_r test_spool_t)
(allow ${ATTRIBUTES.containers} test_spool_t (file (append getattr)))
(allow ${ATTRIBUTES.vms} test_spool_t (file (read)))
(typepermissive ${two?.vm})
(allow ${four?.container} init_t (process (transition)))
(allow ${four?.container} security_t (security (load_policy)))`;

const directory = mkdtempSync(join(tmpdir(), "dsecos-proof-"));
const files = {
  debian: join(directory, "debian"),
  tenants: join(directory, "tenants"),
  leaking: join(directory, "leaking"),
};
const policies = new Map<string, Policy>();
let apart: Assumptions;

beforeAll(async () => {
  await compileTenants(files.debian, 0);
  await compileTenants(files.tenants, tenants);
  await compileTenants(files.leaking, tenants, leaks);
  for (const file of Object.values(files)) policies.set(file, parsePolicy(readFileSync(file)));
  const policy = of(files.tenants);
  apart = assume(policy, described(policy), [ATTRIBUTES.engines, "unconfined_domain_type"]);
}, 20 * minutes);
afterAll(() => removeTree(directory));

function of(file: string): Policy {
  const policy = policies.get(file);
  if (!policy) throw new Error(`${file} was not read`);
  return policy;
}

/** The compiler drops attributes that no rule is about, as none here is about all tenants' types. */
function described(policy: Policy): TenantTypes {
  return { ...slotsOf(policy), attributes: [ATTRIBUTES.domains, ATTRIBUTES.objects] };
}

describe.each(["debian", "tenants"] as const)("the policy of %s", (name) => {
  const file = files[name];

  test("has as much of everything as seinfo counts", async () => {
    const counts = of(file).counts();
    const counted = await seinfo(file);
    expect(counted.get("Allow")).toBeGreaterThan(50_000);
    for (const [key, value] of Object.entries(numbersOf(counts)))
      expect(value, key).toBe(counted.get(key));
    const constraints = (counted.get("Constraints") ?? 0) + (counted.get("MLS Constrain") ?? 0);
    expect(counts.constraints).toBe(constraints);
  });

  test(
    `answers ${asked} random questions as sesearch does`,
    async () => {
      const policy = of(file);
      const triples = randomQuestions(policy, asked);
      const answers = await queries(file, triples);
      let answered = 0;
      for (const [index, [source, target, className]] of triples.entries()) {
        const rules = why(policy, source, target, className).rules.map(
          (rule): WrittenRule => [
            ...([rule.source, rule.target, [...rule.permissions].sort()] as const),
            rule.condition?.whenTrue ?? null,
          ],
        );
        const question = `${source} ${target} ${className}`;
        expect(sorted(rules), question).toEqual(sorted(answers[index] ?? []));
        if (rules.length > 0) answered++;
      }
      expect(answered).toBeGreaterThan(asked / 4);
    },
    10 * minutes,
  );
});

/** By what seinfo calls them. */
function numbersOf(counts: PolicyCounts): Record<string, number> {
  return {
    ...{ Classes: counts.classes, Permissions: counts.permissions, Users: counts.users },
    ...{ Sensitivities: counts.sensitivities, Categories: counts.categories },
    ...{ Types: counts.types, Attributes: counts.attributes, Roles: counts.roles },
    ...{ Booleans: counts.booleans, "Cond. Expr.": counts.conditionals },
    ...{ Allow: counts.rules.allow, Auditallow: counts.rules.auditallow },
    ...{ Dontaudit: counts.rules.dontaudit, Type_change: counts.rules.type_change },
    Type_trans: counts.rules.type_transition + counts.filenameTransitions,
    ...{ Type_member: counts.rules.type_member, Range_trans: counts.rangeTransitions },
    "Role allow": counts.roleAllows,
    Role_trans: counts.roleTransitions,
    Permissives: counts.permissive,
    Allowxperm: counts.rules.allowxperm,
  };
}

function sorted(rules: readonly WrittenRule[]): string[] {
  return rules.map((rule) => JSON.stringify(rule)).sort();
}

/** Half of them about types that a random rule speaks about, half about any types. */
function randomQuestions(policy: Policy, count: number): [string, string, string][] {
  const random = randomNumbers(20_251_122);
  const names = policy.typeNames;
  const classes = policy.symbols.classData.flatMap((data) => data?.name ?? []);
  const pick = <T>(list: ArrayLike<T>): T => list[random(list.length)] as T;
  const { rules, membership } = policy;
  return Array.from({ length: count }, (_, index) => {
    if (index % 2 === 0) return [pick(names), pick(names), pick(classes)];
    let rule = random(rules.length);
    while (
      rules.kind[rule] !== ruleKinds.allow ||
      membership.membersOf(rules.source[rule] ?? 0).length === 0 ||
      membership.membersOf(rules.target[rule] ?? 0).length === 0
    )
      rule = random(rules.length);
    const source = pick(membership.membersOf(rules.source[rule] ?? 0));
    const target = pick(membership.membersOf(rules.target[rule] ?? 0));
    const of = policy.className(rules.classId[rule] ?? 0);
    return [policy.typeName(source), policy.typeName(target), of];
  });
}

/** Debian 12's setools know no newer one. */
const known = Array.from({ length: 10 }, (_, index) => 24 + index);

test.each(known)(
  "what the unit tests write as version %i is what libsepol reads",
  async (version) => {
    const bytes = writePolicy(fullPolicy(version).model);
    const file = join(directory, `written.${version}`);
    writeFileSync(file, bytes);
    const [counts, counted] = [parsePolicy(bytes).counts(), await seinfo(file)];
    expect(counted.get("Policy Version")).toBe(version);
    for (const [key, value] of Object.entries(numbersOf(counts)))
      expect(value, key).toBe(counted.get(key));
  },
);

test("tenants beside Debian's policy are apart, with a base that is named", () => {
  const verdict = prove(of(files.tenants), apart);
  expect(verdict.violations).toEqual([]);
  expect(verdict).toMatchObject({ proved: true, counts: { tenants, tenantTypes: tenants * 6 } });
  expect(apart.shared).toContain("null_device_t");
  expect(apart.trustedBase).toContain("sysadm_t");
  expect(verdict.unneeded).toEqual({ trustedBase: [], shared: [] });
});

test("leaks that were compiled in are found, each with its rule", () => {
  const { violations, proved } = prove(of(files.leaking), apart);
  expect(proved).toBe(false);
  const told = violations.map(({ kind, sentence }) => `${kind}: ${sentence}`).join("\n");
  for (const [kind, says] of [
    ["access", `allow ${one?.container} ${two?.volume}:file { read };`],
    ["access", `allow ${three?.vm} ${four?.image}:blk_file { read }; [ if test_leak ]`],
    ["transition", `type_transition ${five?.container} tmpfs_t:file ${six?.run} "test.lock";`],
    ["access", `allow ${five?.container} ${six?.volume}:dir { search };`],
    ["access", "allow test_group test_group:process { signal };"],
    ["flow", `allow ${ATTRIBUTES.vms} test_spool_t:file { read };`],
    ["permissive", `${two?.vm} of tenant0002 is permissive`],
    ["escape", `allow ${four?.container} init_t:process { transition };`],
    ["escape", `allow ${four?.container} security_t:security { load_policy };`],
  ] as const)
    expect(told).toMatch(new RegExp(`^${kind}: .*${escaped(says)}`, "m"));
});

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

test(
  `${mutated.small} mutated policies end with a policy or a refusal`,
  () => {
    const versions = Array.from({ length: 12 }, (_, index) => 24 + index);
    const originals = versions.map((version) => writePolicy(fullPolicy(version).model));
    const { read, refused } = fuzz(originals, mutated.small, 1);
    expect(read).toBeGreaterThan(0);
    expect(read + refused).toBe(mutated.small);
    const whole = fuzz([readFileSync(files.tenants)], mutated.large, 2);
    expect(whole.read + whole.refused).toBe(mutated.large);
  },
  15 * minutes,
);
