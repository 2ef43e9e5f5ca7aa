/** Revoking, and lists of what was revoked: one for each key that an authority has and had. */
import { setImmediate as turn } from "node:timers/promises";
import type { Call } from "../../bus/call.ts";
import { DsecosError } from "../../bus/errors.ts";
import { explain } from "../../log.ts";
import { KeyedLock } from "../../tenants/locks.ts";
import { listAction } from "./actions.ts";
import type { CertificateRow, RevocationList } from "./answers.ts";
import type { Authority, Issuer } from "./authority.ts";
import type { AuthorityBook } from "./book.ts";
import { known } from "./issue.ts";
import type { Revocation } from "./issued.ts";
import type { PkiParts } from "./parts.ts";
import { identityOf, putRevocationOnRecord } from "./record.ts";
import { requireRevocable } from "./revocable.ts";
import { rowOf } from "./rows.ts";
import type { Signing } from "./signing.ts";
import { day, listedBehind } from "./times.ts";
import { signed } from "./x509/certificate.ts";
import { listNumber } from "./x509/extensions.ts";
import { toPem } from "./x509/pem.ts";
import { listContent, type Reason, revokedEntry } from "./x509/revocations.ts";

/** A list is made anew after so long, and believed for so long. */
const listAge = day;
const listHolds = 7 * day;
/** Entries that are made before others have their turn. */
const atOnce = 50;

type ListOfKey = Omit<RevocationList, "tenant" | "former">;

export interface SignedList {
  readonly answer: ListOfKey;
  readonly thisUpdate: number;
  /** How many were revoked when it was made. */
  readonly revoked: number;
}

export class Revoking {
  readonly #parts: PkiParts;
  readonly #book: AuthorityBook;
  readonly #signing: Signing;
  readonly #lists = new Map<string, SignedList>();
  readonly #entries = new WeakMap<Revocation, Buffer>();
  readonly #lock = new KeyedLock();

  constructor(parts: PkiParts, book: AuthorityBook, signing: Signing) {
    this.#parts = parts;
    this.#book = book;
    this.#signing = signing;
  }

  async revoke(call: Call, owner: string, serial: string, reason: Reason): Promise<CertificateRow> {
    const { authority, issued } = known(await this.#book.of(owner), serial);
    requireRevocable(call, issued);
    const { directory } = authority;
    const before = directory.revocations.get(serial);
    // What is revoked already may lack its file; who asks again puts it back as it was.
    const revocation = before ?? { at: this.#now(), reason };
    await directory.revoke(serial, revocation);
    call.note({ revoked: putRevocationOnRecord(authority, serial, revocation) });
    this.#parts.changed(owner);
    try {
      await this.list(call, owner);
    } catch (error) {
      if (!(error instanceof DsecosError)) throw error;
      // The certificate is revoked all the same; the list is made when it is next asked for.
      const facts = { owner, error: explain(error) };
      this.#parts.log("warning", "no list of revoked certificates was made", facts);
      call.note({ listFailed: error.message });
    }
    return rowOf(authority, issued, this.#now());
  }

  /** The newest list that was signed since the agent started. */
  newest(authority: Authority): SignedList | undefined {
    return this.#lists.get(identityOf(authority));
  }

  async list(call: Call, owner: string): Promise<RevocationList> {
    const authority = await this.#book.of(owner);
    const answer = await this.#newestOf(call, authority);
    const former: ListOfKey[] = [];
    for (const generation of authority.former) {
      const { parallel: _parallel, ...own } = await this.#newestOf(call, generation);
      former.push(own);
    }
    return { tenant: owner, ...answer, former };
  }

  async #newestOf(call: Call, authority: Authority): Promise<ListOfKey> {
    return this.#lock.run(identityOf(authority), async () => {
      const newest = this.newest(authority);
      const age = this.#now() - (newest?.thisUpdate ?? 0);
      const isCurrent = newest?.revoked === authority.directory.revocations.size;
      if (newest !== undefined && isCurrent && age < listAge && age >= 0) return newest.answer;
      const made = await this.#make(call, authority);
      this.#lists.set(identityOf(authority), made);
      return made.answer;
    });
  }

  async #make(call: Call, authority: Authority): Promise<SignedList> {
    const { directory, owner, main, parallel } = authority;
    const now = this.#now();
    // Should the clock have been set back, or the directory be lost, lists still only grow newer.
    const thisUpdate = Math.max(Math.floor(now / 1000) * 1000, directory.list.thisUpdate);
    const number = Math.max(directory.list.number + 1, Math.floor(thisUpdate / 1000));
    const revoked = directory.revocations.size;
    const entries = await this.#listed(authority, now);
    const span = { number, thisUpdate, nextUpdate: thisUpdate + listHolds };
    const first = await this.#sign(main, entries, span);
    const second = parallel && (await this.#sign(parallel, entries, span));
    await directory.keepList({ number, thisUpdate });
    const { caller } = call;
    await this.#parts.audit.append({
      ...{ action: listAction, outcome: "note", actor: caller.user, uid: caller.uid },
      ...{ tenant: owner, object: String(number), call: call.id },
      details: {
        list: { authority: identityOf(authority), number, thisUpdate, entries: entries.length },
        receipt: first.receipt,
        ...(second && { parallelReceipt: second.receipt }),
      },
    });
    const answer: ListOfKey = {
      ...{ number, entries: entries.length },
      thisUpdate: new Date(thisUpdate).toISOString(),
      nextUpdate: new Date(span.nextUpdate).toISOString(),
      ...listFiles(main, first.der),
      ...(second && parallel && { parallel: listFiles(parallel, second.der) }),
    };
    return { answer, thisUpdate, revoked };
  }

  async #listed({ directory }: Authority, now: number): Promise<Buffer[]> {
    const entries: Buffer[] = [];
    let made = 0;
    for (const [serial, revocation] of directory.revocations) {
      const ends = directory.certificates.get(serial)?.notAfter ?? Number.POSITIVE_INFINITY;
      if (ends + listedBehind < now) continue;
      const entry = this.#entries.get(revocation);
      entries.push(entry ?? this.#entry(serial, revocation));
      if (entry !== undefined) continue;
      made += 1;
      if (made % atOnce === 0) await turn();
    }
    return entries;
  }

  #entry(serial: string, revocation: Revocation): Buffer {
    const entry = revokedEntry(serial, new Date(revocation.at), revocation.reason);
    this.#entries.set(revocation, entry);
    return entry;
  }

  async #sign(
    issuer: Issuer,
    entries: readonly Buffer[],
    span: { number: number; thisUpdate: number; nextUpdate: number },
  ) {
    const { algorithm } = issuer;
    const content = listContent({
      ...{ algorithm, issuer: issuer.name, entries },
      thisUpdate: new Date(span.thisUpdate),
      nextUpdate: new Date(span.nextUpdate),
      extensions: [issuer.authorityKey, listNumber(span.number)],
    });
    const { signature, receipt } = await this.#signing.sign(issuer.key, content, "list");
    return { der: signed(content, algorithm, signature), receipt };
  }

  #now(): number {
    return this.#parts.now?.() ?? Date.now();
  }
}

function listFiles({ identifier }: Issuer, der: Buffer) {
  return {
    authorityKey: identifier.toString("hex"),
    pem: toPem("X509 CRL", der),
    der: der.toString("base64"),
  };
}
