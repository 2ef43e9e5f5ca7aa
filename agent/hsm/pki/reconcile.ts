/**
 * Directories against the audit log. Before an authority is used, it is filled from the log, so that
 * a revocation whose file was taken out still holds; then each file must be what the log says. That
 * is looked at again every hour, and names of files whenever authorities are listed. Whatever the
 * log does not know is no secret of a file's: a certificate that the authority signed is taken up and
 * can be revoked, and a revocation holds, but both are alarms unless somebody asked for them.
 */
import { X509Certificate } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { DsecosError } from "../../bus/errors.ts";
import { explain } from "../../log.ts";
import { KeyedLock } from "../../tenants/locks.ts";
import { foundAction, recordActions } from "./actions.ts";
import type { Authority } from "./authority.ts";
import type { ListState, Scan } from "./directory.ts";
import { type CertificateFinding, findingsOf, type Look } from "./findings.ts";
import { type Issued, isSame, type Revocation } from "./issued.ts";
import type { PkiParts } from "./parts.ts";
import {
  identityOf,
  putOnRecord,
  putRevocationOnRecord,
  type Recorded,
  Register,
} from "./record.ts";
import { listedBehind } from "./times.ts";

export interface Compared {
  readonly state: "waiting" | "done" | "failed";
  readonly at?: string;
  readonly reason: string;
}

const pageRows = 1000;
/** Entries of the log that are taken in before others have their turn. */
const atOnce = 50;
/** What was read of the log serves all authorities that are opened within so many milliseconds. */
const registerMs = 10_000;
/** A list may be ahead of the clock by so many milliseconds, and no more. */
const mostAhead = 3_600_000;

interface State {
  readonly recorded: Recorded;
  look: Look;
  /** How many certificates of the newest list are not known of. */
  lost: number;
}

/** What the audit log says, read when it is asked for. */
type Log = () => Promise<Register>;

const nothing: Look = {
  ...{ missing: [], missingRevocations: [], foreign: [], changedRevocations: [] },
  ...{ unreadable: [], list: "right" },
};

export class Reconciler {
  readonly #parts: PkiParts;
  #register: Promise<Register> | undefined;
  #compared: Compared = { state: "waiting", reason: "" };
  readonly #states = new Map<string, State>();
  readonly #lock = new KeyedLock();

  constructor(parts: PkiParts) {
    this.#parts = parts;
  }

  get compared(): Compared {
    return this.#compared;
  }

  /**
   * Fills a directory with what the log says, and looks whether its files say the same.
   * @throws DsecosError Unavailable where the log cannot be read: then nobody knows what is revoked
   */
  async check(authority: Authority): Promise<void> {
    const { directory } = authority;
    const identity = identityOf(authority);
    // What one that is opened again did since is not in what was read before.
    const register = await this.#record(this.#states.has(identity), directory.path);
    const recorded = register.of(identity);
    await directory.make();
    directory.raiseList(recorded.list);
    for (const [serial, issued] of recorded.certificates) {
      directory.certificates.set(serial, issued);
      if (recorded.unasked.certificates.has(serial)) directory.unasked.certificates.add(serial);
    }
    for (const [serial, revocation] of recorded.revocations) {
      directory.revocations.set(serial, revocation);
      const isConfirmed = register.isRevocationAsked(authority.owner, serial);
      if (recorded.unasked.revocations.has(serial) && !isConfirmed)
        directory.unasked.revocations.add(serial);
    }
    const state: State = { recorded, look: nothing, lost: 0 };
    this.#states.set(identity, state);
    await this.#lock.run(identity, () => this.#look(authority, state, true, register));
    state.lost = lostOf(authority, recorded);
  }

  /** @param whole whether every file is looked at, and not only what was put in or taken out */
  async findings(authority: Authority, whole: boolean): Promise<CertificateFinding[]> {
    const identity = identityOf(authority);
    const state = this.#states.get(identity);
    if (state === undefined) return [];
    await this.#lock.run(identity, async () => {
      await this.#look(authority, state, whole);
      if (whole) await this.#keep(authority, state);
    });
    return findingsOf(authority.directory, state.look, state.lost);
  }

  async #look(
    authority: Authority,
    state: State,
    whole: boolean,
    register?: Register,
  ): Promise<void> {
    const { directory } = authority;
    const scan = await directory.scan(whole);
    const { certificates, revocations } = directory;
    const foreign: string[] = [];
    const changedRevocations: string[] = [];
    const unreadable = [...scan.unreadable];
    let read = register;
    // Read only where something is there that nobody here knows of.
    const log = async () => {
      read ??= await this.#record(true, directory.path);
      return read;
    };
    for (const [serial, issued] of scan.certificates) {
      const before = certificates.get(serial);
      if (before !== undefined && isSame(before, issued)) continue;
      directory.doubt(serial, "certificate");
      if (before === undefined && (await this.#adopt(authority, issued, log))) continue;
      foreign.push(serial);
    }
    for (const [serial, revocation] of scan.revocations) {
      const before = revocations.get(serial);
      if (before?.at === revocation.at && before.reason === revocation.reason) continue;
      directory.doubt(serial, "revocation");
      if (before !== undefined) changedRevocations.push(serial);
      else if (certificates.has(serial)) await this.#revoke(authority, serial, revocation, log);
      else foreign.push(serial);
    }
    const { missing, missingRevocations } = scan;
    const list = this.#listState(authority, scan, register !== undefined);
    const found = { missing, missingRevocations, foreign, changedRevocations, unreadable, list };
    state.look = found;
  }

  /** @param atStart whether a list that is not on record may be one that the agent ended behind */
  #listState({ directory }: Authority, { list }: Scan, atStart: boolean): Look["list"] {
    const known = directory.list;
    if (list === undefined) return known.number === 0 ? "right" : "missing";
    if (list.number === known.number && list.thisUpdate === known.thisUpdate) return "right";
    if (!atStart || !isNext(list, known, this.#now())) return "changed";
    directory.raiseList(list);
    return "right";
  }

  /** @returns false for one that the authority did not sign */
  async #adopt(authority: Authority, issued: Issued, log: Log): Promise<boolean> {
    const { directory, owner } = authority;
    const { der } = await directory.read(issued);
    if (!new X509Certificate(der).verify(authority.certificate.publicKey)) return false;
    const isAsked = (await log()).explains(owner, issued);
    directory.certificates.set(issued.serial, issued);
    if (!isAsked) directory.unasked.certificates.add(issued.serial);
    const certificate = putOnRecord(authority, issued);
    await this.#found(authority, issued.serial, {
      certificate,
      ...(!isAsked && { unasked: true }),
    });
    return true;
  }

  async #revoke(
    authority: Authority,
    serial: string,
    revocation: Revocation,
    log: Log,
  ): Promise<void> {
    const { directory, owner } = authority;
    const isAsked = (await log()).isRevocationAsked(owner, serial);
    directory.revocations.set(serial, revocation);
    if (!isAsked) directory.unasked.revocations.add(serial);
    const revoked = putRevocationOnRecord(authority, serial, revocation);
    await this.#found(authority, serial, { revoked, ...(!isAsked && { unasked: true }) });
  }

  /** Puts on record anew what the log would forget before it is over. */
  async #keep(authority: Authority, { recorded }: State): Promise<void> {
    const { directory } = authority;
    const now = this.#now();
    const since = now - (this.#parts.retentionDays * 86_400_000) / 2;
    for (const [serial, issued] of directory.certificates) {
      if (issued.notBefore > since || issued.notAfter + listedBehind < now) continue;
      if ((recorded.kept.get(serial) ?? 0) > since) continue;
      const revocation = directory.revocations.get(serial);
      const flag = (has: boolean) => ({ kept: true, ...(has && { unasked: true }) });
      await this.#found(authority, serial, {
        certificate: putOnRecord(authority, issued),
        ...flag(directory.unasked.certificates.has(serial)),
      });
      if (revocation !== undefined) {
        await this.#found(authority, serial, {
          revoked: putRevocationOnRecord(authority, serial, revocation),
          ...flag(directory.unasked.revocations.has(serial)),
        });
      }
      recorded.kept.set(serial, now);
    }
  }

  async #found(authority: Authority, serial: string, details: Record<string, unknown>) {
    await this.#parts.audit.append({
      ...{ action: foundAction, outcome: "note", actor: "agent", uid: process.getuid?.() ?? 0 },
      ...{ tenant: authority.owner, object: serial, details },
    });
  }

  async #record(fresh: boolean, path: string): Promise<Register> {
    if (fresh) this.#register = undefined;
    const reading = this.#register ?? this.#read();
    if (this.#register === undefined) {
      this.#register = reading;
      const forget = () => {
        if (this.#register === reading) this.#register = undefined;
      };
      setTimeout(forget, registerMs).unref();
      reading.catch(forget);
    }
    try {
      const register = await reading;
      this.#compared = { state: "done", at: new Date().toISOString(), reason: "" };
      return register;
    } catch (cause) {
      const why = cause instanceof DsecosError ? cause.message : "an internal error happened.";
      const reason = `${path} could not be compared with the audit log: ${why}`;
      this.#compared = { state: "failed", at: new Date().toISOString(), reason };
      this.#parts.log("warning", "certificates were not compared", { error: explain(cause) });
      throw new DsecosError("Unavailable", reason, { cause });
    }
  }

  async #read(): Promise<Register> {
    const register = new Register();
    for (const action of recordActions) {
      let cursor = "";
      do {
        const page = await this.#parts.history({ action, cursor, limit: pageRows });
        for (const [at, entry] of page.rows.entries()) {
          if (at % atOnce === atOnce - 1) await turn();
          if (entry.action === action) register.take(entry);
        }
        cursor = page.next;
      } while (cursor !== "");
    }
    return register;
  }

  #now(): number {
    return this.#parts.now?.() ?? Date.now();
  }
}

/** Whether a list can be the one that was made behind the one on record, and not longer ahead. */
function isNext(list: ListState, known: ListState, now: number): boolean {
  const most = Math.max(known.number, Math.floor(list.thisUpdate / 1000)) + 1;
  return (
    list.thisUpdate <= Math.max(now, known.thisUpdate) + mostAhead &&
    list.number <= most &&
    list.number > known.number &&
    list.thisUpdate >= known.thisUpdate
  );
}

/** How many certificates stood on the newest list and are not known to be revoked. */
function lostOf({ directory }: Authority, { list }: Recorded): number {
  let known = 0;
  for (const serial of directory.revocations.keys()) {
    const ends = directory.certificates.get(serial)?.notAfter ?? Number.POSITIVE_INFINITY;
    if (ends + listedBehind >= list.thisUpdate) known += 1;
  }
  return Math.max(0, list.entries - known);
}
