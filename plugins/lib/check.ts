/** Checks what is typed by the contract's own schemas. */
import * as v from "valibot";
import { _ } from "./i18n.ts";

/** @returns what is wrong with a value, in the contract's words; empty when nothing is. */
export function problemOf(schema: v.GenericSchema, value: unknown): string {
  const parsed = v.safeParse(schema, value);
  return parsed.success ? "" : _(parsed.issues[0].message);
}
