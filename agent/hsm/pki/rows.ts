/** Certificates as lists show them. */
import type { CertificateRow, CertificateState } from "./answers.ts";
import type { Authority } from "./authority.ts";
import type { Issued } from "./issued.ts";
import { day } from "./times.ts";

/** Warned of so long before the end: a third of the time it holds, and 30 days at most. */
const warnedDays = 30;

export function stateOf(
  { notBefore, notAfter }: Pick<Issued, "notBefore" | "notAfter">,
  revoked: boolean,
  now: number,
): CertificateState {
  if (revoked) return "revoked";
  if (now >= notAfter) return "expired";
  const warned = Math.min(warnedDays * day, (notAfter - notBefore) / 3);
  return notAfter - now < warned ? "expiring" : "valid";
}

export function daysLeft(notAfter: number, now: number): number {
  return Math.floor((notAfter - now) / day);
}

export function rowOf(
  { owner, directory }: Authority,
  issued: Issued,
  now: number,
): CertificateRow {
  const revocation = directory.revocations.get(issued.serial);
  const { notBefore, notAfter, hosts, beside: _beside, ...rest } = issued;
  return {
    tenant: owner,
    ...rest,
    hosts: [...hosts],
    notBefore: new Date(notBefore).toISOString(),
    notAfter: new Date(notAfter).toISOString(),
    state: stateOf(issued, revocation !== undefined, now),
    daysLeft: daysLeft(notAfter, now),
    ...(revocation && {
      revokedAt: new Date(revocation.at).toISOString(),
      revocation: revocation.reason,
    }),
  };
}
