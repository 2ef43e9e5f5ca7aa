/** Pages of certificates of all authorities; of ten thousand, only those of the page become rows. */
import { setImmediate as turn } from "node:timers/promises";
import { pageOfRows, searched } from "../pages.ts";
import type { CertificateFilter, CertificateRow } from "./answers.ts";
import { type Authority, generationsOf } from "./authority.ts";
import type { Issued } from "./issued.ts";
import { rowOf, stateOf } from "./rows.ts";

/** Certificates that are looked at before others have their turn. */
const atOnce = 1000;

interface Found {
  readonly authority: Authority;
  readonly issued: Issued;
  readonly id: string;
}

export async function pageOfCertificates(
  authorities: readonly Authority[],
  filter: CertificateFilter,
  now: number,
) {
  const { order, descending, cursor, limit } = filter;
  const found = await matching(authorities, filter, now);
  await turn();
  const { rows, ...page } = pageOfRows(found, {
    id: ({ id }) => id,
    value: ({ issued }) => issued[order],
    ...{ descending, cursor, limit },
  });
  const made = rows.map(({ authority, issued }): CertificateRow => rowOf(authority, issued, now));
  return { ...page, rows: made };
}

async function matching(
  authorities: readonly Authority[],
  { tenant, profile, state, search = "" }: CertificateFilter,
  now: number,
): Promise<Found[]> {
  const has = searched(search);
  const found: Found[] = [];
  let seen = 0;
  for (const authority of authorities.flatMap(generationsOf)) {
    const { owner, directory } = authority;
    if (tenant !== undefined && owner !== tenant) continue;
    for (const issued of directory.certificates.values()) {
      seen += 1;
      if (seen % atOnce === 0) await turn();
      const { name, hosts, serial } = issued;
      if (profile !== undefined && issued.profile !== profile) continue;
      if (search !== "" && !has(name, serial, owner, ...hosts)) continue;
      const own = state && stateOf(issued, directory.revocations.has(serial), now);
      if (own === state) found.push({ authority, issued, id: `${owner} ${serial}` });
    }
  }
  return found;
}
