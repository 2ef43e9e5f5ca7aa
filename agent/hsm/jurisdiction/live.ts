/** Whether a key may begin to live in a token; with its first, a tenant's rules come to hold for good. */
import type { AuditEvent, AuditWriter } from "../../audit/types.ts";
import { DsecosError } from "../../bus/errors.ts";
import type { Token } from "../parts.ts";
import type { Guard } from "./guard.ts";
import type { Rules } from "./rules.ts";

/** @throws DsecosError Denied where no key of the tenant may begin in that token. @returns the rule */
export type MayLive = (tenant: string, token: Token) => Promise<string>;

/** Every way to a key of a tenant goes through this, an authority's too. */
export function createMayLive(parts: { guard: Guard; audit: AuditWriter }): MayLive {
  const { guard, audit } = parts;
  return async (tenant, { id, region, config }) => {
    const { rule } = await guard.require(tenant, { act: "create", token: config.region });
    // A key's record names the region of the token's declaration, and would not be true.
    if (region !== config.region) {
      const what = `The token ${id} was made in ${region}, and its driver file says ${config.region} now; put the region in the driver file right, or bring the token back.`;
      throw new DsecosError("Denied", what);
    }
    const pinned = await guard.pin(tenant);
    if (pinned !== undefined) await audit.append(pinning(tenant, pinned));
    return rule;
  };
}

/** Rules that came to hold for good by the making of a key. */
function pinning(tenant: string, rules: Rules): AuditEvent {
  const uid = process.getuid?.() ?? 0;
  const shared = { action: "hsm.PinRules", outcome: "note", actor: "agent", uid } as const;
  return { ...shared, tenant, details: { rules } };
}
