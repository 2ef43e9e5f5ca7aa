/** The proof's answer against a slow one that looks at every pair of types and every path. */
import { expect, it } from "vitest";
import { ENGINE, parseType } from "../../agent/selinux/policy/names.ts";
import type { Policy } from "../../agent/selinux/policydb/policy.ts";
import { randomNumbers } from "../lib/fuzz-policy.ts";
import { sharedTypes, TenantPolicy } from "../lib/tenant-policy.ts";

const rounds = 400;
const trusted = new Set([ENGINE, "unconfined_t", "init_t"]);
const shared = new Set(sharedTypes);

it(`is the same for ${rounds} random policies`, { timeout: 300_000 }, () => {
  const seen = { apart: 0, access: 0, flow: 0 };
  for (let seed = 0; seed < rounds; seed++) {
    const built = randomPolicy(seed);
    const expected = lookEverywhere(built.parse());
    const { totals, total } = built.prove();
    expect((totals.access ?? 0) > 0, `access, seed ${seed}`).toBe(expected.access);
    // A flow that is one with a rule from tenant to tenant is reported as that.
    if (!expected.access) expect((totals.flow ?? 0) > 0, `flow, seed ${seed}`).toBe(expected.flow);
    expect(total > 0, `seed ${seed}`).toBe(expected.access || expected.flow);
    if (expected.access) seen.access++;
    else if (expected.flow) seen.flow++;
    else seen.apart++;
  }
  for (const [kind, count] of Object.entries(seen)) expect(count, kind).toBeGreaterThan(20);
});

/** Rules between random types and attributes of a few tenants and hosts, some under a boolean. */
function randomPolicy(seed: number): TenantPolicy {
  const random = randomNumbers(seed);
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  const policy = new TenantPolicy(3);
  const { types, attributes } = policy.model;
  const mine = types.filter((name) => parseType(name));
  const hosts = types.filter((name) => !parseType(name));
  const groups = Array.from({ length: 4 }, (_, index) => `group${index}`);
  for (const group of groups) {
    const members = random(3) === 0 ? types : hosts;
    attributes[group] = [...new Set(Array.from({ length: 3 }, () => pick(members)))];
  }
  for (let count = 2 + random(6); count > 0; count--) {
    const [one, other] = [pick(random(3) === 0 ? groups : hosts), pick(hosts)];
    const mixed = random(2) === 0 ? pick(mine) : one;
    const pair = random(2) === 0 ? [mixed, other] : [other, mixed];
    const wanted = random(20) === 0 ? [pick(mine), pick(mine)] : pair;
    const rule = `allow ${wanted[0]} ${wanted[1]}:file { ${pick(["read", "write", "open"])} };`;
    if (random(4) === 0) policy.addIf("off", rule);
    else policy.add(rule);
  }
  return policy;
}

function lookEverywhere(policy: Policy): { access: boolean; flow: boolean } {
  const flows = new Map<string, Set<string>>();
  let access = false;
  const slotOf = (name: string) => parseType(name)?.slot;
  for (const rule of [...policy.allowRules(), ...policy.conditionalAllowRules()]) {
    const writes = rule.permissions.some((name) =>
      /write|create|relabelto|signal|ptrace/.test(name),
    );
    const transitions = rule.permissions.includes("transition");
    const reads = rule.permissions.some((name) =>
      /read|getattr|execute|entrypoint|ptrace/.test(name),
    );
    for (const source of policy.typesOf(rule.source))
      for (const target of policy.typesOf(rule.target)) {
        const [from, to] = [slotOf(source), slotOf(target)];
        if (from !== undefined && to !== undefined && from !== to) access = true;
        if (writes || transitions) follow(flows, source, target);
        if (reads) follow(flows, target, source);
      }
  }
  const flow = [1, 2, 3].some((slot) => getsOut(policy, flows, slot));
  return { access, flow };

  function getsOut(of: Policy, ways: Map<string, Set<string>>, slot: number): boolean {
    const begin = of.typeNames.filter((name) => slotOf(name) === slot);
    const seen = new Set<string>();
    const queue = begin.flatMap((name) => [...(ways.get(name) ?? [])]);
    for (const name of queue) {
      if (seen.has(name) || slotOf(name) !== undefined) continue;
      if (trusted.has(name) || shared.has(name)) continue;
      seen.add(name);
      for (const next of ways.get(name) ?? []) {
        const reader = slotOf(next);
        if (reader !== undefined && reader !== slot) return true;
        queue.push(next);
      }
    }
    return false;
  }
}

function follow(flows: Map<string, Set<string>>, from: string, to: string): void {
  const next = flows.get(from);
  if (next) next.add(to);
  else flows.set(from, new Set([to]));
}
