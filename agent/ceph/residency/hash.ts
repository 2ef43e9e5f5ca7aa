/**
 * SHA-256 of canonical JSON (RFC 8785) of the megabytes that a cluster prints: the same bytes that
 * audit/canonical.ts gives, written several times as fast, since the objects of such a text have few
 * forms, each of which is put into order once.
 */
import { createHash, type Hash } from "node:crypto";

/** In characters; what is written is handed on in pieces. */
const pieceLength = 1 << 16;
const mostAlike = 20;

interface Form {
  /** As the object has them. */
  names: string[];
  /** In order, each with what is written before its value. */
  ordered: { name: string; lead: string }[];
}

/** @returns in hexadecimal. @throws TypeError for what JSON cannot hold */
export function hashOf(value: unknown): string {
  const writer = new Writer();
  writer.write(value);
  return writer.end();
}

class Writer {
  readonly #hash: Hash = createHash("sha256");
  /** By how many members they have. */
  readonly #forms: Form[][] = [];
  #text = "";

  end(): string {
    return this.#hash.update(this.#text).digest("hex");
  }

  write(value: unknown): void {
    if (typeof value === "number") this.#text += numberText(value);
    else if (typeof value === "string") this.#text += quoted(value);
    else if (typeof value === "boolean" || value === null) this.#text += String(value);
    else if (Array.isArray(value)) this.#list(value);
    else if (typeof value === "object") this.#object(value as Record<string, unknown>);
    else throw new TypeError(`${typeof value} has no JSON`);
  }

  #list(values: unknown[]): void {
    this.#text += "[";
    for (let index = 0; index < values.length; index++) {
      if (index > 0) this.#text += ",";
      this.write(values[index]);
      this.#handOn();
    }
    this.#text += "]";
  }

  #object(value: Record<string, unknown>): void {
    let lead = "{";
    for (const member of this.#formOf(value).ordered) {
      const inner = value[member.name];
      if (inner === undefined) continue;
      this.#text += lead + member.lead;
      lead = ",";
      this.write(inner);
    }
    this.#text += lead === "{" ? "{}" : "}";
    this.#handOn();
  }

  #formOf(value: object): Form {
    const names = Object.keys(value);
    const alike = this.#forms[names.length] ?? [];
    this.#forms[names.length] = alike;
    const known = alike.find((form) => form.names.every((name, index) => name === names[index]));
    if (known !== undefined) return known;
    const ordered = [...names].sort().map((name) => ({ name, lead: `${quoted(name)}:` }));
    const form = { names, ordered };
    // Where names are data, such as those of profiles, forms are as many as objects.
    if (alike.length < mostAlike) alike.push(form);
    return form;
  }

  #handOn(): void {
    if (this.#text.length < pieceLength) return;
    this.#hash.update(this.#text);
    this.#text = "";
  }
}

const longest = 64;

function quoted(text: string): string {
  if (isPlain(text)) return `"${text}"`;
  if (text.isWellFormed()) return JSON.stringify(text);
  throw new TypeError("a lone surrogate has no UTF-8");
}

/** Short, and of characters that stand for themselves. */
function isPlain(text: string): boolean {
  if (text.length > longest) return false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code > 0x7e || code === 0x22 || code === 0x5c) return false;
  }
  return true;
}

/** As ECMAScript writes numbers, which is what RFC 8785 asks for. */
function numberText(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError(`${value} has no JSON`);
  return Object.is(value, -0) ? "0" : String(value);
}
