/** Schemas that several contracts share. Imports nothing from node:, since the pages use it too. */
import * as v from "valibot";

export const timeSchema = v.pipe(
  v.string(),
  v.isoTimestamp("A time is written as 2026-01-31T12:00:00.000Z."),
);

/** Position in a list, as the previous page gave it; empty for the first page. */
export const cursorSchema = v.pipe(
  v.string(),
  v.maxLength(200),
  v.description("Where to go on: what the page before gave as next"),
);

export const limitSchema = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(1, "Ask for at least one row."),
  v.maxValue(1000, "A page has at most 1000 rows."),
  v.description("How many rows at most"),
);

/** A page of records and where the next one starts. */
export function pageOf<T>(row: v.GenericSchema<unknown, T>) {
  return v.object({
    rows: v.array(row),
    /** How many rows match the filter in all. */
    total: v.number(),
    /** Empty when this is the last page. */
    next: cursorSchema,
  });
}

export const identifierSchema = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{16}$/, "An id has 16 characters of 0-9 and a-f."),
);

/** Bytes as RFC 4648 writes them in section 4, with padding. @param most bytes before that */
export function base64Schema(most: number) {
  return v.pipe(
    v.string(),
    v.maxLength(Math.ceil(most / 3) * 4, `At most ${most} bytes.`),
    v.check(
      (value) => value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(value),
      "Bytes are written as base64, with padding.",
    ),
    v.check((value) => lengthOfBase64(value) <= most, `At most ${most} bytes.`),
  );
}

/** How many bytes a text in base64 stands for. */
export function lengthOfBase64(text: string): number {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  return (text.length / 4) * 3 - padding;
}

/** Free text of one line, without control characters. */
export function lineSchema(maximum: number) {
  return v.pipe(
    v.string(),
    v.maxLength(maximum, `At most ${maximum} characters.`),
    v.check(
      (value) => value.isWellFormed() && !/[\p{Cc}\u2028\u2029]/u.test(value),
      "One line of text, without control characters.",
    ),
  );
}
