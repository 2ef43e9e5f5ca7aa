/** Answers about single certificates (OCSP), kept for those who ask the same without a nonce. */
import { hash } from "node:crypto";
import type { Call } from "../../bus/call.ts";
import { type Authority, generationsOf } from "./authority.ts";
import type { AuthorityBook } from "./book.ts";
import type { PkiParts } from "./parts.ts";
import { identityOf } from "./record.ts";
import { Responders } from "./responders.ts";
import type { Signing } from "./signing.ts";
import { encode } from "./x509/der.ts";
import {
  answer,
  answerContent,
  asksAbout,
  type CertificateStatus,
  malformed,
  readQuestion,
  type StatusQuestion,
} from "./x509/status.ts";

/** How long an answer holds, and how long before its end a kept one is made anew; in milliseconds. */
const answerHolds = 3_600_000;
const renewedBefore = 1_800_000;
/** Answers that are kept; each has about 1,500 bytes. */
const mostKept = 10_000;

interface Kept {
  readonly der: Buffer;
  readonly ends: number;
}

export class Answering {
  readonly #parts: PkiParts;
  readonly #book: AuthorityBook;
  readonly #signing: Signing;
  readonly #responders: Responders;
  /** By what was asked and what the answer says, oldest first. */
  readonly #kept = new Map<string, Kept>();

  constructor(parts: PkiParts, book: AuthorityBook, signing: Signing) {
    this.#parts = parts;
    this.#book = book;
    this.#signing = signing;
    this.#responders = new Responders(parts, signing);
  }

  /** @returns DER of the response */
  async status(call: Call, owner: string, request: Uint8Array): Promise<Buffer> {
    const present = await this.#book.of(owner);
    const question = readQuestion(request);
    if (question === undefined) return malformed();
    // Who asks about several authorities in one question is answered for the first of them.
    const authority =
      generationsOf(present).find(({ main }) => asksAbout(question, main)) ?? present;
    if (question.nonce !== undefined) return (await this.#make(call, authority, question)).der;
    const states = question.serials.map((serial) => statusOf(authority, serial).state);
    const name = [identityOf(authority), hash("sha256", request, "hex"), ...states].join(" ");
    const kept = this.#kept.get(name);
    const left = (kept?.ends ?? 0) - this.#now();
    if (kept !== undefined && left > renewedBefore && left <= answerHolds) return kept.der;
    const made = await this.#make(call, authority, question);
    this.#kept.delete(name);
    this.#kept.set(name, made);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > mostKept && oldest !== undefined) this.#kept.delete(oldest);
    return made.der;
  }

  async #make(call: Call, authority: Authority, question: StatusQuestion): Promise<Kept> {
    const { main, owner } = authority;
    const { key, spki, certificate } = await this.#responders.of(authority);
    const from = Math.floor(this.#now() / 1000) * 1000;
    const ends = from + answerHolds;
    const content = answerContent(question, {
      ...{ issuer: main, spki, from: new Date(from), until: new Date(ends) },
      statusOf: (serial) => statusOf(authority, serial),
    });
    const { signature, receipt } = await this.#signing.sign(key, encode(content), "status");
    const { caller, member } = call;
    await this.#parts.audit.append(
      {
        ...{ action: member, outcome: "note", actor: caller.user, uid: caller.uid },
        ...{ tenant: owner, call: call.id, details: { receipt } },
      },
      "written",
    );
    return { der: answer(content, key.algorithm, signature, certificate), ends };
  }

  #now(): number {
    return this.#parts.now?.() ?? Date.now();
  }
}

function statusOf({ directory }: Authority, serial: string): CertificateStatus {
  const revocation = directory.revocations.get(serial);
  if (revocation !== undefined)
    return { state: "revoked", at: new Date(revocation.at), reason: revocation.reason };
  return { state: directory.certificates.has(serial) ? "good" : "unknown" };
}
