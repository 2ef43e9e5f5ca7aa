/**
 * What the audit log says of certificates: the outcome of each member that issued or revoked one has
 * it in its details. It is compared with the directories, so that what was taken out of one, or was
 * put into it, is noticed. The log forgets, so what holds longer is put on record anew in time.
 */
import * as v from "valibot";
import type { AuditEntry } from "../../audit/contract.ts";
import { foundAction } from "./actions.ts";
import { revocationSchema, serialSchema } from "./answers.ts";
import type { Authority } from "./authority.ts";
import { type Issued, issuedSchema, type Revocation } from "./issued.ts";
import { skew } from "./times.ts";

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
  /** How many certificates stood on it. */
  entries: v.optional(v.number(), 0),
});

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
  /** Serial numbers of what was found and put on record although nobody had asked for it. */
  readonly unasked: { readonly certificates: Set<string>; readonly revocations: Set<string> };
  /** When a certificate and its revocation were put on record anew, in milliseconds since 1970. */
  readonly kept: Map<string, number>;
  /** The newest list. */
  list: { number: number; thisUpdate: number; entries: number };
}

/** Somebody asked for a certificate; whether it came about is not on record. */
interface Asked {
  readonly tenant: string;
  readonly action: string;
  readonly at: number;
}

/** An act may take so long from its intent to its signature, in milliseconds. */
const mostActing = 300_000;
/** Certificates of authorities are signed by another's than the one that was asked for. */
const madeByOthers = new Set(["hsm.CreateAuthority", "hsm.RollAuthority"]);

/** What the log says, by the authority's key identifier. */
export class Register {
  readonly #authorities = new Map<string, Recorded>();
  readonly #asked: Asked[] = [];
  /** Calls whose success was read, and whose intent was not yet: the log is read backwards. */
  readonly #done = new Set<string>();
  readonly #askedRevocations = new Set<string>();

  of(identity: string): Recorded {
    const known = this.#authorities.get(identity);
    if (known !== undefined) return known;
    const fresh: Recorded = {
      ...{ certificates: new Map(), revocations: new Map() },
      ...{ unasked: { certificates: new Set(), revocations: new Set() }, kept: new Map() },
      list: { number: 0, thisUpdate: 0, entries: 0 },
    };
    this.#authorities.set(identity, fresh);
    return fresh;
  }

  /**
   * Whether somebody asked for a certificate at the time that this one was signed, and did not hear
   * what came of it. That explains one certificate, and no second one.
   */
  explains(owner: string, { notBefore }: Issued): boolean {
    const signedAt = notBefore + skew;
    const asked = this.#asked.findIndex(
      ({ tenant, action, at }) =>
        (tenant === owner || madeByOthers.has(action)) &&
        // A certificate has whole seconds.
        signedAt >= Math.floor(at / 1000) * 1000 &&
        signedAt <= at + mostActing,
    );
    if (asked >= 0) this.#asked.splice(asked, 1);
    return asked >= 0;
  }

  isRevocationAsked(owner: string, serial: string): boolean {
    return this.#askedRevocations.has(`${owner} ${serial}`);
  }

  /** Entries of each action newest first. */
  take({ action, outcome, tenant = "", object = "", time, call = "", details }: AuditEntry): void {
    const at = Date.parse(time);
    if (outcome === "success") this.#done.add(call);
    if (outcome === "intent") {
      if (action.startsWith("hsm.Revoke")) this.#askedRevocations.add(`${tenant} ${object}`);
      else if (!this.#done.delete(call)) this.#asked.push({ tenant, action, at });
    }
    if (outcome !== "success" && outcome !== "note") return;
    const isUnasked = details?.unasked === true;
    const issued = v.safeParse(onRecord, details?.certificate);
    if (issued.success) {
      const { authority, ...certificate } = issued.output;
      const recorded = this.of(authority);
      recorded.certificates.set(certificate.serial, certificate);
      if (isUnasked) recorded.unasked.certificates.add(certificate.serial);
      // Read behind those who may have asked for it.
      else if (action === foundAction && details?.kept !== true) this.explains(tenant, certificate);
      if (details?.kept === true) keep(recorded, certificate.serial, at);
    }
    const revoked = v.safeParse(revokedOnRecord, details?.revoked);
    if (revoked.success) {
      const { authority, serial, reason } = revoked.output;
      const recorded = this.of(authority);
      recorded.revocations.set(serial, { at: revoked.output.at, reason });
      if (isUnasked) recorded.unasked.revocations.add(serial);
      else this.#askedRevocations.add(`${tenant} ${serial}`);
    }
    const list = v.safeParse(listOnRecord, details?.list);
    if (list.success) {
      const recorded = this.of(list.output.authority);
      const { number, thisUpdate, entries } = list.output;
      if (number > recorded.list.number) recorded.list = { number, thisUpdate, entries };
    }
  }
}

function keep({ kept }: Recorded, serial: string, at: number): void {
  kept.set(serial, Math.max(at, kept.get(serial) ?? 0));
}
