/**
 * Labels of tokens. CKA_LABEL of a token has 32 bytes, a tenant's name has up to 40 characters. "="
 * cannot be in a tenant's name, so that the node's own tokens are nobody else's.
 */
import { createHash } from "node:crypto";

export const nodeLabel = "=node";
export const rehearsalLabel = "=rehearsal";

const most = 32;

/** The tenant's name, or its first 23 characters, "~" and 8 of its SHA-256 where it is longer. */
export function labelOf(tenant: string): string {
  if (tenant.length <= most) return tenant;
  const digest = createHash("sha256").update(tenant).digest("hex");
  return `${tenant.slice(0, 23)}~${digest.slice(0, 8)}`;
}

export function tokenId(driver: string, label: string): string {
  return `${driver}/${label}`;
}
