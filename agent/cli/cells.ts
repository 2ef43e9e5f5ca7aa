/** Values of a record as people read them. */
import { formatKib } from "../tenants/quantities.ts";
import { oneLine } from "./text.ts";

export type Row = Record<string, unknown>;

export function isRecord(value: unknown): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isRows(value: unknown): value is Row[] {
  return Array.isArray(value) && value.length > 0 && value.every(isRecord);
}

/** Nested records become `quota.cpu`; what is a list of records stays for its own table. */
export function flatten(row: Row, prefix = ""): Map<string, unknown> {
  const flat = new Map<string, unknown>();
  for (const [key, value] of Object.entries(row)) {
    if (isRecord(value)) {
      for (const [name, inner] of flatten(value, `${prefix}${key}.`)) flat.set(name, inner);
    } else {
      flat.set(`${prefix}${key}`, value);
    }
  }
  return flat;
}

const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** @param key as in `limit.ramKib`; the end of the name tells the unit */
export function cellText(key: string, value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return key.endsWith("Kib") ? formatKib(value) : rounded(value);
  if (Array.isArray(value)) return value.map((one) => listed(key, one)).join(", ");
  if (isRecord(value)) return recordText(value);
  const text = String(value);
  if (time.test(text)) return localTime(text);
  if (key.endsWith("Bytes") && /^\d+$/.test(text))
    return formatKib(Math.floor(Number(text) / 1024));
  return oneLine(text);
}

function listed(key: string, value: unknown): string {
  return isRecord(value) ? recordText(value) : cellText(key, value);
}

function recordText(record: Row): string {
  return [...flatten(record)]
    .map(([name, inner]) => `${heading(name)} ${cellText(name, inner)}`)
    .join(" ");
}

function rounded(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(2);
}

/** In the time zone of the person, to the second. */
function localTime(text: string): string {
  const date = new Date(text);
  const two = (number: number) => String(number).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** `limit.ramKib` as `limit ram`. */
export function heading(key: string): string {
  return key
    .replace(/(Kib|Bytes)$/, "")
    .replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .replaceAll(".", " ");
}
