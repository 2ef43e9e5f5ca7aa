/** Takes away what was built long ago; that it was, and when, stays on record. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { AuditWriter } from "../../audit/types.ts";
import { DsecosError } from "../../bus/errors.ts";
import { type KeptPolicies, statementFile } from "./kept.ts";
import { parseStatement } from "./statement.ts";

export const removedAction = "selinux.PolicyRemoved";

/** Beside those in use. */
const mostKept = 10;

/** @param inUse those that are loaded, pending or confirmed: they stay, however old */
export async function prune(
  kept: KeptPolicies,
  inUse: ReadonlySet<string>,
  audit: AuditWriter,
  by: { user: string; uid: number },
): Promise<void> {
  const dated = await Promise.all(
    (await kept.names()).map(async (policy) => ({ policy, at: await builtAt(kept, policy) })),
  );
  dated.sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
  const old = dated.slice(mostKept).filter(({ policy }) => !inUse.has(policy));
  for (const { policy, at } of old) {
    await audit.append({
      ...{ action: removedAction, outcome: "success", actor: by.user, uid: by.uid },
      ...{ object: policy, details: { builtAt: at } },
    });
    await kept.remove(policy);
  }
}

/** @returns empty where the statement says nothing, which makes it the oldest */
async function builtAt(kept: KeptPolicies, policy: string): Promise<string> {
  const file = join(kept.placeOf(policy), statementFile);
  try {
    return parseStatement(await readFile(file, "utf8"), file).statement.at;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    if (missing || error instanceof DsecosError) return "";
    throw error;
  }
}
