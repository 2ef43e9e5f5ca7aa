/** All that is behind the members; loaded when it is needed first. */
import { setImmediate as turn } from "node:timers/promises";
import type { Call } from "../../bus/call.ts";
import { DsecosError } from "../../bus/errors.ts";
import { explain } from "../../log.ts";
import type { Finding } from "../watch/alarms.ts";
import { Answering } from "./answering.ts";
import {
  type Authorities,
  type AuthorityRow,
  type AuthoritySpec,
  type CertificateFiles,
  type CertificateFilter,
  type CertificateState,
  type Chain,
  nodeOwner,
  type Profile,
  type RollSpec,
} from "./answers.ts";
import { type Authority, generationsOf, type Urls } from "./authority.ts";
import { AuthorityBook } from "./book.ts";
import { chainOf } from "./chain.ts";
import type { CertificateDirectory } from "./directory.ts";
import { type CertificateEnd, endsOf } from "./ends.ts";
import type { CertificateFinding } from "./findings.ts";
import { filesOf, Issuing, known } from "./issue.ts";
import { readIssued } from "./issued.ts";
import { pageOfCertificates } from "./list.ts";
import { Making } from "./make.ts";
import type { PkiParts } from "./parts.ts";
import { namesOf } from "./profiles.ts";
import { Reconciler } from "./reconcile.ts";
import { Revoking } from "./revocation.ts";
import { rowOf, stateOf } from "./rows.ts";
import { Signing } from "./signing.ts";
import { type CertificateSummary, summaryOf } from "./summary.ts";
import { toPem } from "./x509/pem.ts";

/** Certificates that are counted before others have their turn. */
const countedAtOnce = 2000;
/** A summary is counted anew after so long, in milliseconds. */
const summaryAge = 60_000;

export function createEngine(parts: PkiParts) {
  const reconciler = new Reconciler(parts);
  const book = new AuthorityBook(parts, (authority) => reconciler.check(authority));
  const signing = new Signing(parts);
  const issuing = new Issuing(parts, book, signing);
  const revoking = new Revoking(parts, book, signing);
  const answering = new Answering(parts, book, signing);
  const making = new Making(parts, book, signing);
  const now = () => parts.now?.() ?? Date.now();

  async function authorityRow(authority: Authority): Promise<AuthorityRow> {
    const { owner, record, certificate, token } = authority;
    const alarms: string[] = [];
    const { frozen } = authority.main.key.found;
    const at = now();
    const counts = { valid: 0, expiring: 0, expired: 0, revoked: 0 };
    for (const generation of generationsOf(authority)) {
      const findings = await reconciler.findings(generation, false);
      for (const { what } of findings) alarms.push(what);
      await count(generation.directory, at, counts);
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
      ...addressesOf(record.urls),
      former: authority.former.map((each) => ({
        authorityKey: each.main.identifier.toString("hex"),
        notAfter: new Date(each.certificate.validTo).toISOString(),
      })),
      alarms: frozen === "" ? alarms : [frozen, ...alarms],
    };
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
          const findings: CertificateFinding[] = [];
          for (const generation of generationsOf(authority))
            findings.push(...(await reconciler.findings(generation, true)));
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

    /** What of them ends soon, and sentences about what could not be read. */
    async ends(): Promise<{ ends: CertificateEnd[]; missing: string[] }> {
      const { authorities, unreachable: missing } = await book.all();
      const listEnd = (authority: Authority) => {
        const list = revoking.newest(authority);
        return list && Date.parse(list.answer.nextUpdate);
      };
      return { ends: await endsOf(authorities, listEnd, now()), missing };
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

    async roll(call: Call, owner: string, spec: RollSpec): Promise<AuthorityRow> {
      return authorityRow(await making.roll(call, owner, spec));
    },

    /** @returns the key that would be replaced and the root that would sign, for which an approval holds */
    async refuseRoll(owner: string, spec: RollSpec): Promise<string> {
      const { certificate, record } = await making.refuseRoll(owner, spec);
      const root = record.root === undefined ? undefined : await book.look(nodeOwner);
      return `${certificate.fingerprint256} ${root?.certificate.fingerprint256 ?? ""}`;
    },

    /** @returns the root that would sign it, for which an approval holds */
    async refuseCreation(owner: string, spec: AuthoritySpec): Promise<string> {
      await making.refuse(owner, spec);
      const root = spec.selfSigned ? undefined : await book.look(nodeOwner);
      return root?.certificate.fingerprint256 ?? "";
    },

    async certificates(filter: CertificateFilter) {
      const { authorities, unreachable: missing } = await book.all();
      return { ...(await pageOfCertificates(authorities, filter, now())), missing };
    },

    async certificate(owner: string, serial: string): Promise<CertificateFiles> {
      const { authority, issued } = known(await book.of(owner), serial);
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
      answering.status(call, owner, request),

    async chain(owner: string): Promise<Chain> {
      const authority = await book.of(owner);
      const isSelfSigned = authority.record.root === undefined;
      const top = isSelfSigned ? authority : await book.look(nodeOwner);
      const cross = (top?.record.crosses ?? [])
        .map((der) => toPem("CERTIFICATE", Buffer.from(der, "base64")))
        .join("");
      return { tenant: owner, ...(await chainOf(authority)), cross };
    },
  };
}
function addressesOf({ list = "", issuer = "", status = "" }: Urls) {
  return { listUrl: list, issuerUrl: issuer, statusUrl: status };
}

/** Adds certificates by their states. */
async function count(
  { certificates, revocations }: CertificateDirectory,
  at: number,
  counts: Record<CertificateState, number>,
): Promise<void> {
  let seen = 0;
  for (const issued of certificates.values()) {
    seen += 1;
    if (seen % countedAtOnce === 0) await turn();
    counts[stateOf(issued, revocations.has(issued.serial), at)] += 1;
  }
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
