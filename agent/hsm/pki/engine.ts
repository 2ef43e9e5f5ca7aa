/** All that is behind the members; loaded when it is needed first. */
import type { Call } from "../../bus/call.ts";
import { DsecosError } from "../../bus/errors.ts";
import { explain } from "../../log.ts";
import { pageOfRows, searched } from "../pages.ts";
import type { Finding } from "../watch/alarms.ts";
import {
  type Authorities,
  type AuthorityRow,
  type AuthoritySpec,
  type CertificateFiles,
  type CertificateFilter,
  type CertificateRow,
  type Chain,
  nodeOwner,
  type Profile,
} from "./answers.ts";
import type { Authority } from "./authority.ts";
import { AuthorityBook } from "./book.ts";
import { chainOf } from "./chain.ts";
import { filesOf, Issuing, known } from "./issue.ts";
import { readIssued } from "./issued.ts";
import { Making } from "./make.ts";
import type { PkiParts } from "./parts.ts";
import { namesOf } from "./profiles.ts";
import { Reconciler } from "./reconcile.ts";
import { Revoking } from "./revocation.ts";
import { rowOf } from "./rows.ts";
import { Signing } from "./signing.ts";
import { type CertificateSummary, summaryOf } from "./summary.ts";

/** A summary is counted anew after so long, in milliseconds. */
const summaryAge = 60_000;

export function createEngine(parts: PkiParts) {
  const reconciler = new Reconciler(parts);
  const book = new AuthorityBook(parts, (authority) => reconciler.check(authority));
  const signing = new Signing(parts);
  const issuing = new Issuing(parts, book, signing);
  const revoking = new Revoking(parts, book, signing);
  const making = new Making(parts, book, signing);
  const now = () => parts.now?.() ?? Date.now();

  async function authorityRow(authority: Authority): Promise<AuthorityRow> {
    const { owner, record, certificate, token, directory } = authority;
    const alarms = (await reconciler.findings(authority, false)).map(({ what }) => what);
    const { frozen } = authority.main.key.found;
    const counts = { valid: 0, expiring: 0, expired: 0, revoked: 0 };
    const at = now();
    for (const issued of directory.certificates.values()) {
      counts[rowOf(authority, issued, at).state] += 1;
    }
    const der = Buffer.from(record.certificate, "base64");
    const row = rowOf(authority, readIssued(der, "authority"), at);
    const list = revoking.newest(authority);
    const { subject, serial, notBefore, notAfter, state, daysLeft } = row;
    return {
      ...{ tenant: owner, subject, serial, notBefore, notAfter, state, daysLeft, counts },
      ...{ key: record.key.name, token: token.id, region: token.region },
      selfSigned: certificate.issuer === certificate.subject,
      postQuantum: record.parallel !== undefined,
      hosts: record.hosts,
      ...(list && { list: listFacts(list.answer) }),
      alarms: frozen === "" ? alarms : [frozen, ...alarms],
    };
  }

  async function rows({ tenant, profile, state, search = "" }: CertificateFilter) {
    const { authorities } = await book.all();
    const has = searched(search);
    const at = now();
    const found: CertificateRow[] = [];
    for (const authority of authorities) {
      if (tenant !== undefined && authority.owner !== tenant) continue;
      for (const issued of authority.directory.certificates.values()) {
        const { name, hosts, serial } = issued;
        if (profile !== undefined && issued.profile !== profile) continue;
        if (search !== "" && !has(name, serial, authority.owner, ...hosts)) continue;
        const row = rowOf(authority, issued, at);
        if (state === undefined || row.state === state) found.push(row);
      }
    }
    return found;
  }

  /** What a status says is counted behind it, so that nobody waits for it. */
  let summary: CertificateSummary | undefined;
  let summing: Promise<void> | undefined;
  let summedAt = 0;
  function sumUp(authorities: readonly Authority[]): Promise<void> {
    summing ??= summaryOf(authorities, now())
      .then((made) => {
        summary = made;
        summedAt = now();
      })
      .finally(() => {
        summing = undefined;
      });
    return summing;
  }

  return {
    summary(): CertificateSummary | undefined {
      const age = now() - summedAt;
      if (summary !== undefined && (age > summaryAge || age < 0)) {
        book
          .all()
          .then(({ authorities }) => sumUp(authorities))
          .catch((error) => {
            parts.log("warning", "certificates were not counted", { error: explain(error) });
          });
      }
      return summary;
    },

    /** Compares every file, and tells what is wrong by token. @returns what could not be compared */
    async look(
      found: (token: string, findings: readonly Finding[]) => Promise<void>,
    ): Promise<string[]> {
      const { authorities, unreachable } = await book.all();
      const failures = [...unreachable];
      for (const authority of authorities) {
        const { token, owner } = authority;
        const about = { token: token.id, tenant: token.tenant, key: "" };
        try {
          const findings = await reconciler.findings(authority, true);
          await found(
            token.id,
            findings.map((finding) => ({ ...finding, ...about })),
          );
        } catch (error) {
          if (!(error instanceof DsecosError)) throw error;
          failures.push(`${owner}: ${error.message}`);
        }
      }
      await sumUp(authorities);
      return failures;
    },

    async authorities(): Promise<Authorities> {
      const { authorities, unreachable } = await book.all();
      const found = await Promise.all(authorities.map(authorityRow));
      found.sort((a, b) => (a.tenant < b.tenant ? -1 : 1));
      const { compared } = reconciler;
      return { at: new Date(now()).toISOString(), rows: found, unreachable, compared };
    },

    async create(call: Call, owner: string, spec: AuthoritySpec): Promise<AuthorityRow> {
      return authorityRow(await making.create(call, owner, spec));
    },

    /** @returns the root that would sign it, for which an approval holds */
    async refuseCreation(owner: string, spec: AuthoritySpec): Promise<string> {
      await making.refuse(owner, spec);
      const root = spec.selfSigned ? undefined : await book.look(nodeOwner);
      return root?.certificate.fingerprint256 ?? "";
    },

    async certificates(filter: CertificateFilter) {
      const { order, descending, cursor, limit } = filter;
      return pageOfRows(await rows(filter), {
        id: ({ tenant, serial }) => `${tenant} ${serial}`,
        value: (row) => row[order],
        ...{ descending, cursor, limit },
      });
    },

    async certificate(owner: string, serial: string): Promise<CertificateFiles> {
      const authority = await book.of(owner);
      const issued = known(authority, serial);
      const { pem, beside } = await authority.directory.read(issued);
      return filesOf(rowOf(authority, issued, now()), await chainOf(authority), pem, beside);
    },

    issue: (call: Call, owner: string, profile: Profile, request: Uint8Array, days: number) =>
      issuing.issue(call, owner, profile, request, days),

    /**
     * Checks the request of an agency before anybody is asked to approve it.
     * @returns the authority that would issue it, for which an approval holds
     */
    async refuseAgency(owner: string, request: Uint8Array): Promise<string> {
      const authority = await book.of(owner);
      namesOf(await issuing.read(authority, request), "agency", authority.holder);
      return authority.certificate.fingerprint256;
    },

    renew: (call: Call, owner: string, serial: string) => issuing.renew(call, owner, serial),
    revoke: (...args: Parameters<Revoking["revoke"]>) => revoking.revoke(...args),
    list: (call: Call, owner: string) => revoking.list(call, owner),
    status: (call: Call, owner: string, request: Uint8Array) =>
      revoking.status(call, owner, request),

    async chain(owner: string): Promise<Chain> {
      return { tenant: owner, ...(await chainOf(await book.of(owner))) };
    },
  };
}
export type Engine = ReturnType<typeof createEngine>;

function listFacts({
  number,
  thisUpdate,
  nextUpdate,
  entries,
}: {
  number: number;
  thisUpdate: string;
  nextUpdate: string;
  entries: number;
}) {
  return { number, thisUpdate, nextUpdate, entries };
}
