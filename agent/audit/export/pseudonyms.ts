/**
 * Pseudonyms for personal data on export: the same person has the same pseudonym in every export
 * of this log, and only who has the key can tell which. HMAC-SHA256 (FIPS 198-1), cut to 80 bits.
 */
import { createHmac, randomBytes } from "node:crypto";
import { existsSync, linkSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { threadId } from "node:worker_threads";
import { canonical } from "../canonical.ts";
import type { AuditEntry } from "../contract.ts";
import { makeDirectory } from "../segments/durable.ts";
import { personalDetails } from "../sources/personal.ts";

/** Numbers that are nobody's: no login, and root, whose number tells nothing. */
const nobody: ReadonlySet<number> = new Set([-1, 0]);
/** Actors that are programs of the system and not people. */
const programs: ReadonlySet<string> = new Set(["agent", "kernel", "root", "system", "unknown"]);

export class Pseudonyms {
  readonly #key: Buffer;

  constructor(key: Buffer) {
    if (key.length < 32) throw new RangeError("a key for pseudonyms has at least 32 bytes");
    this.#key = key;
  }

  /** The key of this log, made at the first use; 0600, beside the other keys. */
  static ofLog(directory: string): Pseudonyms {
    const file = join(directory, "key/pseudonyms.key");
    if (!existsSync(file)) makeKey(file);
    return new Pseudonyms(readFileSync(file));
  }

  name(value: string): string {
    return programs.has(value) ? value : `person-${this.#mac(`name\0${value}`)}`;
  }

  address(value: string): string {
    return value === "" ? value : `address-${this.#mac(`address\0${value}`)}`;
  }

  /** A number above all that Linux gives to people, so that it is never taken for one of them. */
  number(value: number): number {
    if (nobody.has(value)) return value;
    return 2 ** 32 + Number.parseInt(this.#mac(`number\0${value}`).slice(0, 10), 16);
  }

  /** @returns the entry without personal data; names in its details and error go as well. */
  entry(entry: AuditEntry): AuditEntry {
    const { actor, uid, loginuid, address, details, error, label } = entry;
    const names = programs.has(actor) ? [] : [actor];
    names.push(...namesIn(details));
    const free = (text: string) => this.#text(text, names, address);
    const changed: AuditEntry = {
      ...entry,
      actor: this.name(actor),
      uid: this.number(uid),
      loginuid: this.number(loginuid),
      label: free(label),
    };
    if (address !== undefined) changed.address = this.address(address);
    if (error !== undefined) changed.error = free(error);
    if (entry.object !== undefined) changed.object = free(entry.object);
    if (details !== undefined) {
      const own = isOutside(entry) ? this.#details(details) : details;
      changed.details = JSON.parse(free(canonical(own))) as Record<string, unknown>;
    }
    if (entry.object !== undefined && isOutside(entry) && !isNeutral(entry))
      changed.object = `object-${this.#mac(`object\0${entry.object}`)}`;
    return changed;
  }

  /** Members that tell about a person, whatever they hold; the agent's own events have none. */
  #details(details: Record<string, unknown>): Record<string, unknown> {
    const entries = Object.entries(details).map(([key, value]) => {
      if (!personalDetails.has(key)) return [key, value];
      return [key, `${key}-${this.#mac(`${key}\0${canonical({ value })}`)}`];
    });
    return Object.fromEntries(entries);
  }

  /** The person's name and address stand in texts too: whole words of them are replaced. */
  #text(text: string, names: readonly string[], address: string | undefined): string {
    let result = text;
    for (const name of names) result = result.replace(word(name), this.name(name));
    if (address) result = result.replace(word(address), this.address(address));
    return result;
  }

  #mac(text: string): string {
    return createHmac("sha256", this.#key).update(text).digest("hex").slice(0, 20);
  }
}

const isOutside = ({ source }: AuditEntry) =>
  source === "auditd" || source === "journal" || source === "incus";

/** Whether the object is a unit, a device or the like, and no account, command or file of a person. */
function isNeutral({ source, object, details = {} }: AuditEntry): boolean {
  const same = Object.entries(details).filter(([, value]) => value === object);
  return source === "incus" || same.some(([key]) => !personalDetails.has(key));
}

/** Members of details, at any depth, that name people who did not act in this event. */
const naming: ReadonlySet<string> = new Set([
  ...["createdBy", "by", "members", "contacts", "requester", "approvers", "actor", "user"],
]);

function namesIn(value: unknown, names = false): string[] {
  if (typeof value === "string")
    return names && value !== "" && !programs.has(value) ? [value] : [];
  if (Array.isArray(value)) return value.flatMap((one) => namesIn(one, names));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => namesIn(inner, naming.has(key)));
}

/** Whole or not at all; where two make one at once, the first stays. */
function makeKey(file: string): void {
  makeDirectory(dirname(file));
  const temporary = `${file}.${process.pid}-${threadId}`;
  writeFileSync(temporary, randomBytes(32), { mode: 0o600, flush: true });
  try {
    linkSync(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    unlinkSync(temporary);
  }
}

function word(text: string): RegExp {
  const plain = text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(?<![A-Za-z0-9_.-])${plain}(?![A-Za-z0-9_-])`, "g");
}
