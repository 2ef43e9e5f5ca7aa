import { createHash, hash } from "node:crypto";
import { canonical } from "../../audit/canonical.ts";
import type { Pg } from "./read/pgs.ts";

/** @returns SHA-256 of canonical JSON, in hexadecimal */
export function hashOf(value: unknown): string {
  return hash("sha256", canonical(value), "hex");
}

const plain = /^[\w.+]*$/;
const flushAt = 1 << 20;

/**
 * The same of a list of placement groups, of which there are a hundred thousand of one form: several
 * times as fast as canonical JSON of any value.
 */
export function hashOfPgs(value: unknown): string {
  const { pg_ready, pg_stats } = (value ?? {}) as { pg_ready?: unknown; pg_stats?: unknown };
  if (pg_ready !== true || !Array.isArray(pg_stats)) return hashOf(value);
  if (Object.keys(value as object).length !== 2) return hashOf(value);
  const sha = createHash("sha256");
  let text = '{"pg_ready":true,"pg_stats":[';
  let comma = "";
  for (const pg of pg_stats) {
    text += comma + pgText(pg);
    comma = ",";
    if (text.length > flushAt) {
      sha.update(text);
      text = "";
    }
  }
  return sha.update(`${text}]}`).digest("hex");
}

/** Members in the order of their names. */
function pgText(value: unknown): string {
  const pg = value as Pg;
  const usual =
    typeof value === "object" &&
    value !== null &&
    Object.keys(value).length === 6 &&
    isPlain(pg.pgid) &&
    isPlain(pg.state) &&
    isNumbers(pg.up) &&
    isNumbers(pg.acting) &&
    Number.isSafeInteger(pg.up_primary) &&
    Number.isSafeInteger(pg.acting_primary);
  if (!usual) return canonical(value);
  return `{"acting":[${pg.acting}],"acting_primary":${pg.acting_primary},"pgid":"${pg.pgid}","state":"${pg.state}","up":[${pg.up}],"up_primary":${pg.up_primary}}`;
}

function isPlain(value: unknown): boolean {
  return typeof value === "string" && plain.test(value);
}

function isNumbers(value: unknown): boolean {
  return Array.isArray(value) && value.every(Number.isSafeInteger);
}
