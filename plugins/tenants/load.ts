/** Fetches a numbered page of tenants from an agent that pages by cursor. */
import { type Tenant, tenants } from "../../agent/tenants/contract.ts";
import { client } from "../lib/client.ts";
import type { View } from "./view.ts";

export interface TenantPage {
  rows: Tenant[];
  /** How many match in all. */
  total: number;
}

const mostAtOnce = 1000;
/** Where pages begin, by filter and number of rows before; valid for the present filter only. */
let cursors = new Map<string, string>();

export async function loadTenants({ filter, page, perPage }: View): Promise<TenantPage> {
  const question = JSON.stringify(filter);
  const skip = (page - 1) * perPage;
  let { from, cursor } = nearest(question, skip);
  const ask = (limit: number) => client(tenants).List({ ...filter, cursor, limit });
  while (from < skip) {
    const before = await ask(Math.min(skip - from, mostAtOnce));
    from += before.rows.length;
    cursor = before.next;
    if (cursor === "") return { rows: [], total: before.total };
    remember(question, from, cursor);
  }
  const { rows, total, next } = await ask(perPage);
  if (next) remember(question, from + rows.length, next);
  return { rows, total };
}

function nearest(question: string, skip: number): { from: number; cursor: string } {
  const cursor = cursors.get(`${skip} ${question}`);
  return cursor === undefined || skip === 0 ? { from: 0, cursor: "" } : { from: skip, cursor };
}

function remember(question: string, from: number, cursor: string): void {
  if (cursors.size > 200) cursors = new Map();
  cursors.set(`${from} ${question}`, cursor);
}
