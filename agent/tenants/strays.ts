/** What of tenants lies elsewhere than in the pools of their slots, where nothing has their labels. */
import type { IncusClient } from "../incus/client.ts";
import { literal, select } from "../incus/sql.ts";
import { numberKey } from "./numbers.ts";
import { patientMs } from "./viewsql.ts";

export interface Stray {
  name: string;
  /** A custom volume, or the disk of an instance. */
  isVolume: boolean;
  pool: string;
}

/**
 * @param after project ids above this, up to `until`
 * @returns by project id, of those that have a number
 */
export async function readStrays(
  client: IncusClient,
  after: number,
  until: number,
): Promise<Map<number, Stray[]>> {
  const rows = await select(
    client,
    "SELECT v.project_id, v.name, v.type, s.name FROM storage_volumes v " +
      "JOIN storage_pools s ON s.id=v.storage_pool_id " +
      `JOIN projects_config c ON c.project_id=v.project_id AND c.key=${literal(numberKey)} ` +
      // Images are nobody's: Incus keeps a copy in each pool where something was made of one.
      "WHERE v.type<>1 AND s.name<>printf('tenant%04d',c.value) " +
      `AND v.project_id > ${Math.trunc(after)} AND v.project_id <= ${Math.trunc(until)} ` +
      "ORDER BY v.project_id, v.name",
    patientMs,
  );
  const strays = new Map<number, Stray[]>();
  for (const [project, name, type, pool] of rows) {
    const stray = { name: String(name), isVolume: type === 2, pool: String(pool) };
    const id = Number(project);
    strays.set(id, [...(strays.get(id) ?? []), stray]);
  }
  return strays;
}

const most = 5;

/** @returns what to do, in a sentence for the instances and one for the volumes */
export function straySentences(tenant: string, strays: readonly Stray[], target: string): string[] {
  const instances = strays.filter(({ isVolume }) => !isVolume);
  const volumes = strays.filter(({ isVolume }) => isVolume);
  const sentences: string[] = [];
  const [instance] = instances;
  if (instance !== undefined)
    sentences.push(
      `${listed(instances)} of it ${instances.length === 1 ? "lies" : "lie"} outside of its pool ` +
        `${target}, where SELinux lets none of it start; stop and move each, which counts it twice ` +
        `against the quota meanwhile: incus move ${instance.name} --storage ${target} --project ${tenant}.`,
    );
  const [volume] = volumes;
  if (volume !== undefined)
    sentences.push(
      `The ${volumes.length === 1 ? "volume" : "volumes"} ${listed(volumes)} of it ` +
        `${volumes.length === 1 ? "lies" : "lie"} outside of its pool ${target}; move each: ` +
        `incus storage volume move ${volume.pool}/${volume.name} ${target}/${volume.name} --project ${tenant}.`,
    );
  return sentences;
}

function listed(strays: readonly Stray[]): string {
  const names = strays.slice(0, most).map(({ name }) => name);
  const more = strays.length - names.length;
  if (more > 0) return `${names.join(", ")} and ${more} more`;
  const last = names.pop() ?? "";
  return names.length === 0 ? last : `${names.join(", ")} and ${last}`;
}
