/**
 * A policy on trial is taken back by the agent, which then runs under that very policy. So it must
 * leave the agent what that takes, or only a restart of the machine would bring the old one back.
 */
import { DsecosError } from "../../bus/errors.ts";
import { askPolicy } from "../thread.ts";

/** As its unit starts it. */
const agentDomain = "dsecos_agent_t";

/** On the type of the kernel's own files about the policy, by class. */
const needed: readonly (readonly [of: string, permissions: readonly string[]])[] = [
  ["security", ["load_policy"]],
  ["file", ["open", "write"]],
  ["dir", ["search"]],
];

/**
 * @param file with the policy
 * @throws DsecosError Conflict where it would keep the agent from loading another one
 */
export async function refuseWithoutWayBack(
  file: string,
  program: URL,
  signal?: AbortSignal,
): Promise<void> {
  for (const [of, permissions] of needed) {
    const ask = { source: agentDomain, target: "security_t", class: of };
    const { allowed, verdict } = await answer(file, ask, program, signal);
    if (verdict === "permissive") continue;
    const missing = permissions.filter((permission) => !allowed.includes(permission));
    if (missing.length === 0) continue;
    const what = `Under this policy the agent (${agentDomain}) may not ${missing.join(", ")} on security_t:${of}, so it could not take it back. Build a policy from the sources of this product.`;
    throw new DsecosError("Conflict", what);
  }
}

async function answer(
  file: string,
  ask: { source: string; target: string; class: string },
  program: URL,
  signal: AbortSignal | undefined,
) {
  try {
    return await askPolicy({ kind: "why", policy: file, ask }, program, signal);
  } catch (error) {
    if (!(error instanceof DsecosError && error.code === "NotFound")) throw error;
    const what = `This policy has no place for the agent, so it could not take it back: ${error.message}`;
    throw new DsecosError("Conflict", what, { cause: error });
  }
}
