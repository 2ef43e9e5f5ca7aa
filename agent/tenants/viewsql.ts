/** The queries behind the view of the tenants: only the keys that it needs, a page at a time. */

import { volumeKeyPrefix } from "../ceph/volumes/record.ts";
import type { IncusClient } from "../incus/client.ts";
import { literal, literals, type SqlValue, select } from "../incus/sql.ts";
import { type Amount, amountOf, nothing, plus } from "./amounts.ts";
import { numberKey } from "./numbers.ts";
import { apartKeys, fixedKeys, type NodeFacts } from "./project.ts";
import { promisedBytes, volumePart } from "./quota-volumes.ts";
import { jobKeyPrefix, stateKey, tenantKey } from "./record.ts";

/** One tenant's project as the database has it, in Incus's texts. */
export interface ProjectRow {
  id: number;
  name: string;
  tenant: string;
  state: string;
  limits: { cpu: string; memory: string; disk: string };
  /** Its slot of the SELinux policy, as text. */
  number: string;
  /** True when nothing can be put into the pool that tenants share. */
  apart: boolean;
  /** True when every fixed key has its declared value. */
  fixedRight: boolean;
  /** Bulk jobs that are not done. */
  jobs: number;
}

export interface UsageRow {
  promised: Amount;
  instances: number;
  /** Instances that Incus last knew to run, frozen ones included. */
  powered: number;
}

export const noUsage: UsageRow = { promised: nothing, instances: 0, powered: 0 };

/** Loading everything waits out what Incus's own tasks hold the database for: 30 s each. */
export const patientMs = 90_000;

const text = (value: SqlValue | undefined): string => (value == null ? "" : String(value));
const number = (value: SqlValue | undefined): number => Number(value ?? 0);

const keyValue = (key: string) => `MAX(CASE WHEN c.key=${literal(key)} THEN c.value END)`;

function projectQuery(facts: NodeFacts, where: string, limit: number): [string, number] {
  const fixed = fixedKeys(facts);
  const present = fixed.filter(({ value }) => value !== "");
  const absent = fixed.filter(({ value }) => value === "").map(({ key }) => key);
  const pairs = present.map(({ key, value }) => `(${literal(key)},${literal(value)})`).join(",");
  const [[apartKey = "", apartValue = ""] = []] = Object.entries(apartKeys(facts));
  const query =
    `SELECT p.id, p.name, ${keyValue(tenantKey)}, ${keyValue(stateKey)}, ` +
    `${keyValue("limits.cpu")}, ${keyValue("limits.memory")}, ${keyValue("limits.disk")}, ` +
    `SUM((c.key,c.value) IN (VALUES ${pairs})) - SUM(c.key IN (${literals(absent)})), ` +
    `SUM(SUBSTR(c.key,1,${jobKeyPrefix.length})=${literal(jobKeyPrefix)}), ` +
    `${keyValue(numberKey)}, ` +
    `SUM(c.key=${literal(apartKey)} AND c.value=${literal(apartValue)}) ` +
    `FROM projects p JOIN projects_config c ON c.project_id=p.id WHERE ${where} ` +
    `AND EXISTS (SELECT 1 FROM projects_config t WHERE t.project_id=p.id AND t.key=${literal(tenantKey)}) ` +
    `GROUP BY p.id ORDER BY p.id LIMIT ${limit}`;
  return [query, present.length];
}

function projectRow(row: SqlValue[], expected: number): ProjectRow {
  return {
    id: number(row[0]),
    name: text(row[1]),
    tenant: text(row[2]),
    state: text(row[3]),
    limits: { cpu: text(row[4]), memory: text(row[5]), disk: text(row[6]) },
    fixedRight: number(row[7]) === expected,
    jobs: number(row[8]),
    number: text(row[9]),
    apart: number(row[10]) > 0,
  };
}

/** @returns at most `size` tenants whose id is above `after`, by id. */
export async function readProjects(
  client: IncusClient,
  facts: NodeFacts,
  after: number,
  size: number,
): Promise<ProjectRow[]> {
  const [query, expected] = projectQuery(facts, `p.id > ${Math.trunc(after)}`, size);
  return (await select(client, query, patientMs)).map((row) => projectRow(row, expected));
}

/** @returns undefined when there is no such project, or none of ours. */
export async function readProject(
  client: IncusClient,
  facts: NodeFacts,
  name: string,
): Promise<ProjectRow | undefined> {
  const [query, expected] = projectQuery(facts, `p.name=${literal(name)}`, 1);
  const rows = await select(client, query);
  return rows[0] === undefined ? undefined : projectRow(rows[0], expected);
}

const instanceConfig = (key: string) =>
  `(SELECT value FROM instances_config WHERE instance_id=i.id AND key=${literal(key)})`;

const rootSize =
  "(SELECT s.value FROM instances_devices d " +
  "JOIN instances_devices_config r ON r.instance_device_id=d.id AND r.key='path' AND r.value='/' " +
  "JOIN instances_devices_config s ON s.instance_device_id=d.id AND s.key='size' " +
  "WHERE d.instance_id=i.id)";

const instanceColumns =
  `${instanceConfig("limits.cpu")}, ${instanceConfig("limits.memory")}, ${rootSize}, ` +
  `${instanceConfig("volatile.last_state.power")}`;

const volumeSize =
  "(SELECT value FROM storage_volumes_config WHERE storage_volume_id=v.id AND key='size')";

/** Custom volumes count like root disks. */
const customVolumes = "storage_volumes v WHERE v.type=2";

/** Rows of project id, key and value. Volumes of Ceph are declared there, whether they are made or not. */
const declaredVolumes = (range: string) =>
  `SELECT project_id, key, value FROM projects_config WHERE ${range} ` +
  `AND SUBSTR(key,1,${volumeKeyPrefix.length})=${literal(volumeKeyPrefix)}`;

/** @returns what tells it from others, and what it is promised; undefined for a record that is not ours */
function declaredVolume(row: SqlValue[]): { part: string; promised: Amount } | undefined {
  const bytes = promisedBytes(text(row[2]));
  if (bytes === undefined) return undefined;
  const part = volumePart(text(row[1]).slice(volumeKeyPrefix.length), bytes);
  return { part, promised: amountOf("", "", bytes) };
}

/** @returns use by project id, for ids above `after` up to `until`; equal instances are one row. */
export async function readUsage(
  client: IncusClient,
  after: number,
  until: number,
): Promise<Map<number, UsageRow>> {
  const range = `project_id > ${Math.trunc(after)} AND project_id <= ${Math.trunc(until)}`;
  const usage = new Map<number, UsageRow>();
  const instances = await select(
    client,
    `SELECT i.project_id, ${instanceColumns}, COUNT(*) FROM instances i ` +
      `WHERE i.${range.replace("AND ", "AND i.")} GROUP BY 1, 2, 3, 4, 5`,
    patientMs,
  );
  for (const row of instances) addInstances(usage, number(row[0]), row, 1, number(row[5]));
  const volumes = await select(
    client,
    `SELECT v.project_id, ${volumeSize}, COUNT(*) FROM ${customVolumes} ` +
      `AND v.${range.replace("AND ", "AND v.")} GROUP BY 1, 2`,
    patientMs,
  );
  for (const row of volumes) {
    const id = number(row[0]);
    const before = usage.get(id) ?? noUsage;
    const amount = amountOf("", "", text(row[1]));
    usage.set(id, { ...before, promised: plus(before.promised, amount, number(row[2])) });
  }
  for (const row of await select(client, declaredVolumes(range), patientMs)) {
    const id = number(row[0]);
    const before = usage.get(id) ?? noUsage;
    const promised = plus(before.promised, declaredVolume(row)?.promised ?? nothing);
    usage.set(id, { ...before, promised });
  }
  return usage;
}

/** @returns use of one project with the names of its instances, and the parts of its volumes. */
export async function readUsageOf(
  client: IncusClient,
  id: number,
): Promise<{ usage: UsageRow; names: Set<string> }> {
  const usage = new Map<number, UsageRow>();
  const names = new Set<string>();
  const instances = await select(
    client,
    `SELECT i.name, ${instanceColumns} FROM instances i WHERE i.project_id=${Math.trunc(id)}`,
  );
  for (const row of instances) {
    names.add(text(row[0]));
    addInstances(usage, id, row, 1, 1);
  }
  const volumes = await select(
    client,
    `SELECT ${volumeSize} FROM ${customVolumes} AND v.project_id=${Math.trunc(id)}`,
  );
  let sum = usage.get(id) ?? noUsage;
  for (const row of volumes) {
    sum = { ...sum, promised: plus(sum.promised, amountOf("", "", text(row[0]))) };
  }
  for (const row of await select(client, declaredVolumes(`project_id=${Math.trunc(id)}`))) {
    const volume = declaredVolume(row);
    if (volume === undefined) continue;
    names.add(volume.part);
    sum = { ...sum, promised: plus(sum.promised, volume.promised) };
  }
  return { usage: sum, names };
}

function addInstances(
  usage: Map<number, UsageRow>,
  id: number,
  row: SqlValue[],
  first: number,
  count: number,
): void {
  const before = usage.get(id) ?? noUsage;
  const amount = amountOf(text(row[first]), text(row[first + 1]), text(row[first + 2]));
  const powered = text(row[first + 3]) === "RUNNING" ? count : 0;
  usage.set(id, {
    promised: plus(before.promised, amount, count),
    instances: before.instances + count,
    powered: before.powered + powered,
  });
}
