/**
 * Directories against the audit log: once for each authority before it is used, so that a revocation
 * whose file was taken out still holds; and whenever authorities are listed, against the files that
 * are there now.
 */
import { X509Certificate } from "node:crypto";
import { explain } from "../../log.ts";
import type { Authority } from "./authority.ts";
import type { Issued } from "./issued.ts";
import type { PkiParts } from "./parts.ts";
import {
  foundAction,
  identityOf,
  putOnRecord,
  putRevocationOnRecord,
  type Recorded,
  Register,
  recordActions,
} from "./record.ts";
import { fromPem } from "./x509/pem.ts";

export interface Compared {
  readonly state: "waiting" | "done" | "failed";
  readonly at?: string;
  readonly reason: string;
}

/** Serial numbers that one sentence names. */
const named = 3;
const pageRows = 1000;

export class Reconciler {
  readonly #parts: PkiParts;
  #register: Promise<Register> | undefined;
  #compared: Compared = { state: "waiting", reason: "" };
  /** Certificates in place of which there is another file, by directory. */
  readonly #foreign = new Map<string, string[]>();

  constructor(parts: PkiParts) {
    this.#parts = parts;
  }

  get compared(): Compared {
    return this.#compared;
  }

  /** Makes a directory that was just read what it and the record say together. */
  async check(authority: Authority): Promise<void> {
    this.#register ??= this.#read();
    try {
      const register = await this.#register;
      await this.#merge(authority, register.of(identityOf(authority)));
      this.#compared = { state: "done", at: new Date().toISOString(), reason: "" };
    } catch (error) {
      this.#register = undefined;
      const reason = `${authority.directory.path} could not be compared with the audit log: ${explain(error)}`;
      this.#compared = { state: "failed", at: new Date().toISOString(), reason };
      this.#parts.log("warning", "certificates were not compared", { error: explain(error) });
    }
  }

  async #read(): Promise<Register> {
    const register = new Register();
    for (const action of recordActions) {
      let cursor = "";
      do {
        const page = await this.#parts.history({ action, cursor, limit: pageRows });
        for (const entry of page.rows) if (entry.action === action) register.take(entry);
        cursor = page.next;
      } while (cursor !== "");
    }
    return register;
  }

  async #merge(authority: Authority, recorded: Recorded): Promise<void> {
    const { directory } = authority;
    directory.raiseList(recorded.list);
    const foreign: string[] = [];
    for (const [serial, issued] of directory.certificates) {
      const known = recorded.certificates.get(serial);
      if (known?.fingerprint === issued.fingerprint) continue;
      if (known === undefined && (await this.#adopt(authority, issued))) continue;
      foreign.push(serial);
      directory.certificates.delete(serial);
    }
    // What is gone can still be listed and revoked.
    for (const [serial, issued] of recorded.certificates) {
      if (!directory.certificates.has(serial)) directory.certificates.set(serial, issued);
    }
    for (const [serial, revocation] of directory.revocations) {
      if (recorded.revocations.has(serial)) continue;
      await this.#found(authority, serial, {
        revoked: putRevocationOnRecord(authority, serial, revocation),
      });
    }
    for (const [serial, revocation] of recorded.revocations) {
      if (!directory.revocations.has(serial)) directory.revocations.set(serial, revocation);
    }
    this.#foreign.set(directory.path, foreign);
  }

  /** One that the agent did not live to put on record. @returns false for one that is none of ours */
  async #adopt(authority: Authority, issued: Issued): Promise<boolean> {
    const pem = await authority.directory.pem(issued.serial);
    const der = fromPem(pem, ["CERTIFICATE"]);
    if (der === undefined) return false;
    const key = authority.certificate.publicKey;
    if (!new X509Certificate(der).verify(key)) return false;
    await this.#found(authority, issued.serial, { certificate: putOnRecord(authority, issued) });
    return true;
  }

  async #found(authority: Authority, serial: string, details: Record<string, unknown>) {
    await this.#parts.audit.append({
      ...{ action: foundAction, outcome: "note", actor: "agent", uid: process.getuid?.() ?? 0 },
      ...{ tenant: authority.owner, object: serial, details },
    });
  }

  /** @returns sentences: what of a directory is not as it must be now */
  async alarms({ directory }: Authority): Promise<string[]> {
    const { path } = directory;
    const there = await directory.present();
    const missing = (known: Iterable<string>, files: Set<string>) =>
      [...known].filter((serial) => !files.has(serial));
    const certificates = missing(directory.certificates.keys(), there.certificates);
    const revocations = missing(directory.revocations.keys(), there.revocations);
    const foreign = this.#foreign.get(path) ?? [];
    const unreadable = [...directory.unreadable];
    return [
      say(
        certificates,
        (some) =>
          `Certificates that were issued are missing in ${path}: ${some}. Somebody removed them; put them back from the backup, or revoke them.`,
      ),
      say(
        revocations,
        (some) =>
          `Revocations are missing in ${path}: ${some}. They hold all the same; revoke each again to write it anew, and find out who removed it.`,
      ),
      say(
        foreign,
        (some) =>
          `Files in ${path} are not what this authority issued: ${some}. Somebody put them there; they count for nothing. Remove them.`,
      ),
      say(
        unreadable,
        (some) =>
          `Files cannot be understood and count for nothing: ${some}. Somebody put them there or changed them; put back what was there from the backup.`,
      ),
    ].flat();
  }
}

function say(serials: readonly string[], sentence: (some: string) => string): string[] {
  if (serials.length === 0) return [];
  const rest = serials.length - named;
  const some = serials.slice(0, named).join(", ");
  return [sentence(rest > 0 ? `${some} and ${rest} more` : some)];
}
