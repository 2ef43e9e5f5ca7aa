/** How many certificates there are in all, and which end soon: what the subsystem's status says. */
import { setImmediate as turn } from "node:timers/promises";
import { type Authority, generationsOf } from "./authority.ts";
import type { CertificateDirectory } from "./directory.ts";
import type { Issued } from "./issued.ts";
import { daysLeft, stateOf } from "./rows.ts";

export interface CertificateSummary {
  readonly counts: {
    authorities: number;
    valid: number;
    expiring: number;
    expired: number;
    revoked: number;
  };
  /** What ends soon and what to do, one sentence for each authority. */
  readonly problems: readonly string[];
}

/** Certificates that are counted before others have their turn. */
const atOnce = 2000;
/** Names that one sentence has. */
const named = 3;

export async function summaryOf(
  authorities: readonly Authority[],
  now: number,
): Promise<CertificateSummary> {
  const counts = { authorities: authorities.length, valid: 0, expiring: 0, expired: 0, revoked: 0 };
  const problems: string[] = [];
  for (const authority of authorities) {
    const { owner } = authority;
    const everything = generationsOf(authority).map(({ directory }) => directory);
    const ends = {
      notBefore: Date.parse(authority.certificate.validFrom),
      notAfter: Date.parse(authority.certificate.validTo),
    };
    const state = stateOf(ends, false, now);
    if (state !== "valid") problems.push(ending(owner, state, daysLeft(ends.notAfter, now)));
    const newest = await newestOf(everything);
    const soon: Issued[] = [];
    let seen = 0;
    for (const [issued, isRevoked] of certificatesOf(everything)) {
      seen += 1;
      if (seen % atOnce === 0) await turn();
      const has = stateOf(issued, isRevoked, now);
      const isRenewed = (newest.get(holderOf(issued)) ?? 0) > issued.notAfter;
      if (has === "expiring" && !isRenewed) soon.push(issued);
      counts[has === "expiring" && isRenewed ? "valid" : has] += 1;
    }
    if (soon.length > 0) problems.push(endingSoon(owner, soon, now));
  }
  return { counts, problems };
}

export function* certificatesOf(
  directories: readonly CertificateDirectory[],
): Generator<[Issued, boolean]> {
  for (const { certificates, revocations } of directories) {
    for (const issued of certificates.values()) yield [issued, revocations.has(issued.serial)];
  }
}

export const holderOf = ({ profile, name }: Issued) => `${profile} ${name}`;

/** When the newest certificate of each holder ends. */
export async function newestOf(
  directories: readonly CertificateDirectory[],
): Promise<Map<string, number>> {
  const newest = new Map<string, number>();
  let seen = 0;
  for (const [issued] of certificatesOf(directories)) {
    seen += 1;
    if (seen % atOnce === 0) await turn();
    const holder = holderOf(issued);
    newest.set(holder, Math.max(issued.notAfter, newest.get(holder) ?? 0));
  }
  return newest;
}

function ending(owner: string, state: string, days: number): string {
  const when = state === "expired" ? "has ended" : `ends in ${days} days`;
  return `The certificate authority of ${owner} ${when}; roll it over, so that certificates can be issued.`;
}

function endingSoon(owner: string, soon: readonly Issued[], now: number): string {
  soon = soon.toSorted((a, b) => a.notAfter - b.notAfter);
  const [first] = soon;
  const days = daysLeft(first?.notAfter ?? now, now);
  const names = soon.slice(0, named).map(({ name }) => name);
  const rest = soon.length - names.length;
  const which = rest > 0 ? `${names.join(", ")} and ${rest} more` : names.join(", ");
  return `Certificates of ${owner} end soon, the first in ${days} days: ${which}; renew them.`;
}
