/**
 * Thousands of real tenants in minutes. Created one by one they would take hours, since Incus 6.0
 * reads the configuration of all projects again and again; so one is created by the agent, and the
 * rows that Incus wrote for it are copied under other names, in Incus's own database.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { AgentClient } from "../../../agent/bus/client.ts";
import { type TenantSpec, tenants } from "../../../agent/tenants/contract.ts";
import { incusApi } from "../../../packaging/setup/lib/incus-api.js";

/** Copied per transaction: Incus's database replicates each as one piece. */
const portion = 1000;
/** A query that takes longer waited for somebody's lock. */
const promptMs = 200;

export const specOf = (name: string): TenantSpec => ({
  displayName: `Agency ${name}`,
  domain: domainOf(name),
  classification: "restricted",
  jurisdiction: "UK",
  quota: { cpu: "128", ram: "1TB", storage: "50TB" },
  contacts: [`soc@${name}.example`],
});

export const domainOf = (name: string) => `${name.replaceAll("-", "_")}_t`;

export function createTenant(client: AgentClient, name: string) {
  return client.call(tenants, "Create", [name, specOf(name)]);
}

/**
 * Statements that copy a tenant, as `copy-1` and so on to `copy-<count>`: its project, its profile and
 * the configuration of both, each name and domain in it being the copy's own.
 * @param from number of the first copy
 */
export function copyStatements(template: string, count: number, from = 1): string[] {
  // What goes into the statements below; a name of Incus and SELinux has no other characters.
  if (!/^[a-z][a-z-]*$/.test(template)) throw new Error(`${template} is no name to copy`);
  const project = `(SELECT id FROM projects WHERE name='${template}')`;
  const profile = `(SELECT id FROM profiles WHERE project_id=${project} AND name='default')`;
  const copied = (first: number, last: number) =>
    `p.name IN (WITH RECURSIVE n(i) AS (SELECT ${first} UNION ALL SELECT i+1 FROM n ` +
    `WHERE i<${last}) SELECT 'copy-'||i FROM n)`;
  const renamed = (column: string) =>
    `REPLACE(REPLACE(${column},'${domainOf(template)}',REPLACE(p.name,'-','_')||'_t'),` +
    `'${template}',p.name)`;
  const transactions: string[] = [];
  for (let first = from; first <= count; first += portion) {
    const last = Math.min(count, first + portion - 1);
    const which = copied(first, last);
    const statements = [
      `INSERT INTO projects (name, description) WITH RECURSIVE n(i) AS (SELECT ${first} ` +
        `UNION ALL SELECT i+1 FROM n WHERE i<${last}) SELECT 'copy-'||i, ` +
        `REPLACE(t.description,'${template}','copy-'||i) FROM n, projects t ` +
        `WHERE t.name='${template}'`,
      `INSERT INTO projects_config (project_id, key, value) SELECT p.id, c.key, ` +
        `${renamed("c.value")} FROM projects p, projects_config c ` +
        `WHERE c.project_id=${project} AND ${which}`,
      `INSERT INTO profiles (name, description, project_id) SELECT f.name, ` +
        `${renamed("f.description")}, p.id FROM projects p, profiles f ` +
        `WHERE f.id=${profile} AND ${which}`,
      `INSERT INTO profiles_config (profile_id, key, value) SELECT f.id, c.key, c.value ` +
        `FROM projects p JOIN profiles f ON f.project_id=p.id, profiles_config c ` +
        `WHERE c.profile_id=${profile} AND ${which}`,
    ];
    transactions.push(statements.join(";"));
  }
  return transactions;
}

/** Copies a tenant on this machine's Incus; the agent is to be started after it. */
export async function copyTenants(
  socket: string,
  template: string,
  count: number,
  from = 1,
): Promise<void> {
  for (const query of copyStatements(template, count, from)) {
    await untilPrompt(socket);
    const body = { database: "global", query };
    await incusApi(socket).request("POST", "/internal/sql", { body, seconds: 180 });
  }
}

/**
 * With 1,000 projects and more Incus 6.0 locks its own database for half a minute at a time, in
 * which every request waits.
 *
 * @returns seconds waited until the database answered promptly
 */
export async function untilPrompt(socket: string): Promise<number> {
  const began = performance.now();
  let asked = began;
  for (;;) {
    const body = { database: "global", query: "SELECT 1" };
    await incusApi(socket).request("POST", "/internal/sql", { body, seconds: 300 });
    const now = performance.now();
    if (now - asked < promptMs) return (asked - began) / 1000;
    await delay(500);
    asked = performance.now();
  }
}
