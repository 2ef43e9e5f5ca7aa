/** Who must approve: for every member that asks for it, whom the tenant's own rules say. */
import { expect, test } from "vitest";
import type { QuorumSetting } from "../../agent/approvals/quorum.ts";
import type { Call } from "../../agent/bus/call.ts";
import { hsm } from "../../agent/hsm/contract.ts";
import type { Token } from "../../agent/hsm/parts.ts";
import { createQuorums } from "../../agent/hsm/quorums.ts";

const officers = [1001, 1002, 1003].map((uid) => ({ uid, user: `u${uid}` }));
const named: QuorumSetting = { needed: 2, approvers: ["1002:u1002", "1003:u1003"] };
const call = { caller: { uid: 1001, loginuid: 1001, user: "u1001" } } as Call;

const quorums = createQuorums({
  people: { officers: async () => officers },
  tokens: { get: async (id) => ({ id, tenant: id.split("/")[1] }) as Token },
  quorum: async (tenant) => (tenant === "defense" ? named : undefined),
});

const members = Object.entries(hsm.methods).flatMap(([name, method]) =>
  "approvals" in method ? [[name, method.in[0]?.name ?? ""] as const] : [],
);

/** What names whose key or token it is, by the first argument of a member. */
const firsts: Record<string, string> = { tenant: "defense", token: "softhsm/defense" };

test.each(members)("%s asks those whom the tenant's rules name", async (member, first) => {
  const rule = quorums[member] as
    | ((call: Call, ...inputs: unknown[]) => Promise<unknown>)
    | undefined;
  const rules = { live: ["UK"], use: ["UK"] };
  expect(await rule?.(call, firsts[first], rules)).toEqual({
    needed: 2,
    approvers: [
      { uid: 1002, user: "u1002" },
      { uid: 1003, user: "u1003" },
    ],
  });
  const other = firsts[first]?.replace("defense", "health");
  expect(await rule?.(call, other, rules)).toEqual({ needed: 1 });
});

test("no member has a rule that is never asked for", () => {
  expect(Object.keys(quorums).toSorted()).toEqual(members.map(([name]) => name).toSorted());
});
