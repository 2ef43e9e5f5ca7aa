/** What of authorities ends soon: themselves, their lists of revoked ones, and what they issued. */
import { setImmediate as turn } from "node:timers/promises";
import { type Authority, generationsOf } from "./authority.ts";
import { stateOf } from "./rows.ts";
import { certificatesOf, holderOf, newestOf } from "./summary.ts";

export interface CertificateEnd {
  kind: "authority" | "certificate" | "revocationList";
  /** Who has the authority. */
  tenant: string;
  /** The holder's; the owner's of an authority and its list. */
  name: string;
  /** Empty for a list. */
  serial: string;
  /** Milliseconds since 1970. */
  endsAt: number;
}

/** Certificates that are looked at before others have their turn. */
const atOnce = 2000;

/**
 * Of certificates those that are warned of, unless their holder has a newer one; what has ended is
 * nobody's to renew. Of lists those that this agent signed: it knows no others.
 * @param listEnd when the newest list of an authority ends, in milliseconds; undefined where none is known
 */
export async function endsOf(
  authorities: readonly Authority[],
  listEnd: (authority: Authority) => number | undefined,
  now: number,
): Promise<CertificateEnd[]> {
  const ends: CertificateEnd[] = [];
  for (const authority of authorities) {
    const { owner, certificate } = authority;
    const own = { tenant: owner, name: owner, serial: "" };
    ends.push({ ...own, kind: "authority", endsAt: Date.parse(certificate.validTo) });
    const list = listEnd(authority);
    if (list !== undefined) ends.push({ ...own, kind: "revocationList", endsAt: list });
    const directories = generationsOf(authority).map(({ directory }) => directory);
    const newest = await newestOf(directories);
    let seen = 0;
    for (const [issued, isRevoked] of certificatesOf(directories)) {
      seen += 1;
      if (seen % atOnce === 0) await turn();
      const { name, serial, notAfter: endsAt } = issued;
      if (stateOf(issued, isRevoked, now) !== "expiring") continue;
      if ((newest.get(holderOf(issued)) ?? 0) > endsAt) continue;
      ends.push({ kind: "certificate", tenant: owner, name, serial, endsAt });
    }
  }
  return ends;
}
