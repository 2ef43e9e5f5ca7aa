/** What can be asked on this node of each service, prepared while all is well. */
import { readFile } from "node:fs/promises";
import { apiPath, type IncusClient } from "../../incus/client.ts";
import { literal, select } from "../../incus/sql.ts";
import type { Probe, Probes } from "./meter.ts";
import { probeKey } from "./published.ts";

/** Of instances that run here; more tell nothing else. */
const mostInstances = 20;

export interface ProbeParts {
  client: IncusClient;
  /** Writes keys of the own member. */
  write: (config: Record<string, string>) => Promise<void>;
  /** What an agent answers to a page. */
  pages: Probe;
  /** Undefined where there is no Ceph. */
  storage: () => Probe | undefined;
  /** Undefined where no token of this node is ready. */
  keys: () => Promise<Probe | undefined>;
}

/** @param self name of the own member. @param writes whether this node asks for writes, too */
export async function probesOf(parts: ProbeParts, self: string, writes: boolean): Promise<Probes> {
  const [instances, keys] = await Promise.all([instancesOf(parts.client, self), parts.keys()]);
  const storage = parts.storage();
  let count = 0;
  return {
    pages: parts.pages,
    ...(writes && { writes: () => parts.write({ [probeKey]: String(count++) }) }),
    ...(instances && { instances }),
    ...(storage && { storage }),
    ...(keys && { keys }),
  };
}

/**
 * Asks the kernel for the first process of each: Incus may be away, and they go on without it.
 * @returns undefined where none runs
 */
async function instancesOf(client: IncusClient, self: string): Promise<Probe | undefined> {
  const rows = await select(
    client,
    `SELECT instances.name, projects.name FROM instances
      JOIN projects ON projects.id = instances.project_id
      JOIN nodes ON nodes.id = instances.node_id
      JOIN instances_config ON instances_config.instance_id = instances.id
      WHERE nodes.name = ${literal(self)} AND instances_config.key = 'volatile.last_state.power'
        AND instances_config.value = 'RUNNING'
      ORDER BY instances.id LIMIT ${mostInstances}`,
  );
  const found = await Promise.all(
    rows.map(async ([name, project]) => {
      const path = `${apiPath("instances", String(name))}/state`;
      const { pid } = await client.get<{ pid: number }>(path, { project: String(project) });
      return pid > 0 ? [{ pid, began: await startOf(pid) }] : [];
    }),
  );
  const running = found.flat();
  if (running.length === 0) return undefined;
  return async () => {
    for (const { pid, began } of running) {
      if ((await startOf(pid)) !== began) throw new Error(`the instance of process ${pid} ended`);
    }
  };
}

/** Field 22 of proc(5)'s stat: another process of the same number has another. */
async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields[0] === "Z") throw new Error(`process ${pid} ended`);
  return fields[19] ?? "";
}
