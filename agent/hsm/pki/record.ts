/**
 * What the audit log says of certificates: the outcome of each member that issued or revoked one has
 * it in its details. It is compared with the directories, so that what was taken out of one, or was
 * put into it, is noticed as far as the log goes back.
 */
import * as v from "valibot";
import type { AuditEntry } from "../../audit/contract.ts";
import { revocationSchema, serialSchema } from "./answers.ts";
import type { Authority } from "./authority.ts";
import { type Issued, issuedSchema, type Revocation } from "./issued.ts";

const onRecord = v.object({
  /** Which authority: its key identifier. */
  authority: v.string(),
  ...issuedSchema.entries,
});
const revokedOnRecord = v.object({
  authority: v.string(),
  serial: serialSchema,
  at: v.number(),
  reason: revocationSchema,
});
const listOnRecord = v.object({
  authority: v.string(),
  number: v.number(),
  thisUpdate: v.number(),
});

/** Of the agent's own, where a directory has what is not on record: it ended in between. */
export const foundAction = "hsm.FoundCertificate";
/** Every list that was signed, with its number. */
export const listAction = "hsm.RevocationList";

/** Actions in whose details these stand. */
export const recordActions = [
  ...["hsm.Issue", "hsm.IssueAgency", "hsm.Renew", "hsm.Revoke", "hsm.CreateAuthority"],
  ...[foundAction, listAction],
];

export function identityOf({ main }: Authority): string {
  return main.identifier.toString("hex");
}

export function putOnRecord(authority: Authority, issued: Issued) {
  return { authority: identityOf(authority), ...issued };
}

export function putRevocationOnRecord(
  authority: Authority,
  serial: string,
  { at, reason }: Revocation,
) {
  return { authority: identityOf(authority), serial, at, reason };
}

export interface Recorded {
  readonly certificates: Map<string, Issued>;
  readonly revocations: Map<string, Revocation>;
  list: { number: number; thisUpdate: number };
}

/** By the authority's key identifier. */
export class Register {
  readonly #authorities = new Map<string, Recorded>();

  of(identity: string): Recorded {
    const known = this.#authorities.get(identity);
    if (known !== undefined) return known;
    const fresh: Recorded = {
      certificates: new Map(),
      revocations: new Map(),
      list: { number: 0, thisUpdate: 0 },
    };
    this.#authorities.set(identity, fresh);
    return fresh;
  }

  take({ outcome, details }: AuditEntry): void {
    if (outcome !== "success" && outcome !== "note") return;
    const issued = v.safeParse(onRecord, details?.certificate);
    if (issued.success) {
      const { authority, ...certificate } = issued.output;
      this.of(authority).certificates.set(certificate.serial, certificate);
    }
    const revoked = v.safeParse(revokedOnRecord, details?.revoked);
    if (revoked.success) {
      const { authority, serial, at, reason } = revoked.output;
      this.of(authority).revocations.set(serial, { at, reason });
    }
    const list = v.safeParse(listOnRecord, details?.list);
    if (list.success) {
      const recorded = this.of(list.output.authority);
      const { number, thisUpdate } = list.output;
      recorded.list = {
        number: Math.max(number, recorded.list.number),
        thisUpdate: Math.max(thisUpdate, recorded.list.thisUpdate),
      };
    }
  }
}
