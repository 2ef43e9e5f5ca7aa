/**
 * Reads Incus's database in one query. Incus 6.0 reads the configuration of all projects for each
 * project that it loads: its own list takes seconds with 300 projects and does not end within its
 * 30 s lock with 1,000, while a query for the needed keys takes milliseconds. Only SELECTs, and
 * only validated names, go in.
 */
import { DsecosError } from "../bus/errors.ts";
import type { IncusClient } from "./client.ts";

export type SqlValue = string | number | null;

interface SqlAnswer {
  Results?: { rows?: SqlValue[][] | null }[];
}

/** Quotes a text; what Incus and the contracts allow in names needs no escape, so all else fails. */
export function literal(value: string): string {
  if (!/^[A-Za-z0-9._:/@-]{0,200}$/.test(value)) {
    throw new DsecosError("InvalidArgument", "A name has characters that are not allowed.");
  }
  return `'${value}'`;
}

export function literals(values: readonly string[]): string {
  return values.map(literal).join(",");
}

/** @returns rows in the order of the query's columns. */
export async function select(
  client: IncusClient,
  query: string,
  timeoutMs = 20_000,
): Promise<SqlValue[][]> {
  if (!/^SELECT\s/.test(query) || query.includes(";")) {
    throw new DsecosError("Internal", "Only a single SELECT goes to the database of Incus.");
  }
  const answer = await client.send<SqlAnswer>(
    "POST",
    "/internal/sql",
    { database: "global", query },
    { timeoutMs },
  );
  return answer.metadata.Results?.[0]?.rows ?? [];
}
