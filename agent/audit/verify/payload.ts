/**
 * Whether bytes are an event: a JSON object in the canonical form of RFC 8785 with a `time`.
 * A quick scanner knows what nearly all events consist of: strings, whole numbers, lists, objects
 * with sorted plain keys. It answers yes, or that it does not know; then the slow
 * way decides, which parses and writes the canonical form again.
 */
import { isUtf8 } from "node:buffer";
import { canonical } from "../canonical.ts";

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const maximumDepth = 32;
/** 1 for a byte that stands for itself in a string. */
const plain = new Uint8Array(256);
for (let byte = 0x20; byte < 0x7f; byte++) plain[byte] = 1;
plain[quote] = 0;
plain[backslash] = 0;

const time =
  /^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;
const timeKey = Buffer.from('"time":"', "latin1");

const literals = ["true", "false", "null"].map((word) => Buffer.from(word, "latin1"));

/** Escapes that RFC 8785 has for single bytes; all others of control characters are rare. */
const escapable = new Uint8Array(256);
for (const byte of Buffer.from('"\\bfnrt', "latin1")) escapable[byte] = 1;

/** Whether the quick scanner met bytes beyond ASCII, which are UTF-8 or nothing. */
let beyondAscii = false;

export function isEvent(bytes: Buffer, start: number, end: number): boolean {
  beyondAscii = false;
  if (quickObject(bytes, start, end, 0) === end) {
    return !beyondAscii || isUtf8(bytes.subarray(start, end));
  }
  return isEventSlowly(bytes.subarray(start, end));
}

function isEventSlowly(bytes: Buffer): boolean {
  const text = bytes.toString("utf8");
  try {
    const value = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
    if (!Buffer.from(canonical(value)).equals(bytes)) return false;
    return typeof value.time === "string" && isTime(value.time);
  } catch (error) {
    // What is no JSON, or has no canonical form, is no event.
    if (error instanceof SyntaxError || error instanceof TypeError) return false;
    throw error;
  }
}

/** Whether it is a time of RFC 3339; leap seconds are none that an agent writes. */
export function isTime(text: string): boolean {
  const [, year, month, day] = time.exec(text) ?? [];
  return isDay(Number(year), Number(month), Number(day));
}

function isDay(year: number, month: number, day: number): boolean {
  if (!(month >= 1 && month <= 12 && day >= 1)) return false;
  if (day <= 28) return true;
  if (month !== 2)
    return day <= (month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31);
  return day === 29 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/*
 * Each of the functions that follow takes the place where something begins and returns the place
 * behind it, or 0 where it does not know. They may look a little behind `end`, since that is
 * compared once, when all is read: what is behind the outermost object is never part of it.
 */

function quickObject(bytes: Buffer, start: number, end: number, depth: number): number {
  if (bytes[start] !== 0x7b || depth > maximumDepth) return 0;
  let at = start + 1;
  let hasTime = depth > 0;
  if (bytes[at] === 0x7d) return hasTime ? at + 1 : 0;
  let previous = 0;
  while (at < end) {
    const key = at;
    at = quickKey(bytes, key);
    if (at === 0 || bytes[at] !== colon) return 0;
    if (previous !== 0 && !inOrder(bytes, previous, key)) return 0;
    previous = key;
    at++;
    if (!hasTime && at - key === timeKey.length - 1 && isTimeMember(bytes, key)) {
      if (!quickTime(bytes, at)) return 0;
      hasTime = true;
    }
    at = bytes[at] === quote ? quickString(bytes, at) : quickValue(bytes, at, end, depth);
    if (at === 0) return 0;
    const next = bytes[at++];
    if (next === 0x7d) return hasTime ? at : 0;
    if (next !== comma) return 0;
  }
  return 0;
}

function isTimeMember(bytes: Buffer, from: number): boolean {
  for (let i = 0; i < timeKey.length; i++) if (bytes[from + i] !== timeKey[i]) return false;
  return true;
}

/** The form that the agent writes: `"2026-01-31T12:00:00.000Z"`, each field in its range. */
function quickTime(bytes: Buffer, from: number): boolean {
  if (bytes[from + 25] !== quote || bytes[from + 24] !== 0x5a) return false;
  if (bytes[from + 5] !== 0x2d || bytes[from + 8] !== 0x2d || bytes[from + 11] !== 0x54)
    return false;
  if (bytes[from + 14] !== colon || bytes[from + 17] !== colon || bytes[from + 20] !== 0x2e) {
    return false;
  }
  const century = two(bytes, from + 1);
  const year = two(bytes, from + 3);
  return (
    century >= 0 &&
    year >= 0 &&
    isDay(century * 100 + year, two(bytes, from + 6), two(bytes, from + 9)) &&
    inRange(two(bytes, from + 12), 23) &&
    inRange(two(bytes, from + 15), 59) &&
    inRange(two(bytes, from + 18), 59) &&
    two(bytes, from + 21) >= 0 &&
    two(bytes, from + 22) >= 0 // The three digits of milliseconds.
  );
}

/** Two digits as a number; less than 0 for anything else. */
function two(bytes: Buffer, from: number): number {
  const tens = (bytes[from] ?? 0) - 0x30;
  const ones = (bytes[from + 1] ?? 0) - 0x30;
  if (tens < 0 || tens > 9 || ones < 0 || ones > 9) return -1;
  return tens * 10 + ones;
}

function inRange(value: number, most: number): boolean {
  return value >= 0 && value <= most;
}

/**
 * Whether a key is less than the next, both with their quotes, which are less than any byte of a
 * key but a space and “!”; those two are left to the slow way. Bytes of ASCII have the order of
 * UTF-16 units.
 */
function inOrder(bytes: Buffer, a: number, b: number): boolean {
  for (let i = 1; ; i++) {
    const left = bytes[a + i] as number;
    const right = bytes[b + i] as number;
    if (left !== right) return left < right && right > quote;
    if (left === quote) return false;
  }
}

function quickKey(bytes: Buffer, start: number): number {
  if (bytes[start] !== quote) return 0;
  let at = start + 1;
  while (plain[bytes[at] as number] === 1) at++;
  return bytes[at] === quote ? at + 1 : 0;
}

function quickString(bytes: Buffer, start: number): number {
  let at = start + 1;
  for (;;) {
    while (plain[bytes[at] as number] === 1) at++;
    const byte = bytes[at] as number;
    if (byte === quote) return at + 1;
    if (byte === backslash && escapable[bytes[at + 1] as number] === 1) at += 2;
    else if (byte >= 0x80) {
      beyondAscii = true;
      at++;
    } else return 0;
  }
}

function quickValue(bytes: Buffer, start: number, end: number, depth: number): number {
  const first = bytes[start] as number;
  if (first >= 0x30 && first <= 0x39) return quickNumber(bytes, start);
  if (first === quote) return quickString(bytes, start);
  if (first === 0x7b) return quickObject(bytes, start, end, depth + 1);
  if (first === 0x5b) return quickList(bytes, start, end, depth + 1);
  return quickLiteral(bytes, start);
}

function quickList(bytes: Buffer, start: number, end: number, depth: number): number {
  if (depth > maximumDepth) return 0;
  let at = start + 1;
  if (bytes[at] === 0x5d) return at + 1;
  while (at < end) {
    at = quickValue(bytes, at, end, depth);
    if (at === 0) return 0;
    const next = bytes[at++];
    if (next === 0x5d) return at;
    if (next !== comma) return 0;
  }
  return 0;
}

/** Whole numbers of up to 15 digits are written as they are. */
function quickNumber(bytes: Buffer, start: number): number {
  let at = start;
  let byte = bytes[at] as number;
  while (byte >= 0x30 && byte <= 0x39) byte = bytes[++at] as number;
  // A fraction or an exponent follows.
  if (byte === 0x2e || byte === 0x65 || byte === 0x45) return 0;
  const digits = at - start;
  return digits === 1 || (digits <= 15 && bytes[start] !== 0x30) ? at : 0;
}

function quickLiteral(bytes: Buffer, start: number): number {
  for (const literal of literals) {
    let i = 0;
    while (i < literal.length && bytes[start + i] === literal[i]) i++;
    if (i === literal.length) return start + i;
  }
  return 0;
}
