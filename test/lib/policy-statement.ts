import { hash } from "node:crypto";
import type { Statement } from "../../agent/selinux/loads/answers.ts";
import { assumptionsHash } from "../../agent/selinux/loads/statement.ts";

/** What a node would say of a policy that it built; the rules are told, since no compiler ran. */
export function unsignedStatement(
  policy: Buffer,
  contexts: Buffer,
  at = "2026-11-01T12:00:00.000Z",
  said: Partial<Statement> = {},
): Omit<Statement, "signer"> {
  const any = hash("sha256", "any", "hex");
  return {
    format: "dsecos.org/selinux-policy/1",
    policy: hash("sha256", policy, "hex"),
    fileContexts: hash("sha256", contexts, "hex"),
    rules: any,
    version: 33,
    bytes: policy.length,
    slots: { count: 2, ranges: [[1, 2]], tenants: 1, quarantined: 0 },
    typeIds: { used: 40, limit: 65_535 },
    counts: { types: 30, attributes: 10, allowRules: 50, conditionalRules: 0, typeRules: 4 },
    proofs: {
      compiler: { proved: true, neverallows: 20 },
      reader: { proved: true, assumptions: assumptionsHash() },
    },
    inputs: { own: any, modules: any, moduleCount: 60, tools: { secilc: any }, packages: {} },
    node: "node1",
    at,
    by: { user: "otto", uid: 1004 },
    ...said,
  };
}
