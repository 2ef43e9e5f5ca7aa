/** The Incus project that a tenant is: what its configuration must hold, and how it is written. */
import { DsecosError } from "../bus/errors.ts";
import { apiPath, type IncusClient } from "../incus/client.ts";
import type { Quota } from "./contract.ts";
import { KeyedLock } from "./locks.ts";
import type { StateRecord, TenantRecord } from "./record.ts";
import { stateKey, tenantKey } from "./record.ts";
import { features, type Restriction, restrictionsFor } from "./restrictions.ts";

export type Config = Record<string, string>;

/** What of the node shapes every tenant's project. */
export interface NodeFacts {
  /** The managed network of the default profile, which tenants share. */
  network: string | undefined;
  /** The storage pool of tenants that have no slot of the SELinux policy. */
  poolName: string;
}

/** Sizes as Incus reads them: no space, and kB for 1000 bytes. */
export function incusSize(text: string): string {
  return text.replace(" ", "").replace(/KB$/, "kB");
}

export function limitsOf(quota: Quota): Config {
  return {
    "limits.cpu": quota.cpu,
    "limits.memory": incusSize(quota.ram),
    "limits.disk": incusSize(quota.storage),
  };
}

/** Keys that are the same for every tenant of this node. */
export function fixedKeys(facts: NodeFacts): readonly Restriction[] {
  return [...features, ...restrictionsFor(facts.network)];
}

/** What a project has while all of its tenant lies in the storage pool of its own slot. */
export function apartKeys({ poolName }: Pick<NodeFacts, "poolName">): Config {
  return { [`limits.disk.pool.${poolName}`]: "0" };
}

/** All that we declare of a project; an empty value means that the key must not be there. */
export function declared(record: TenantRecord, state: StateRecord, facts: NodeFacts): Config {
  const config: Config = {};
  for (const { key, value } of fixedKeys(facts)) config[key] = value;
  return {
    ...config,
    ...limitsOf(record.quota),
    [tenantKey]: JSON.stringify(record),
    [stateKey]: JSON.stringify(state),
  };
}

/** @returns what differs from what is declared: key, what is there, what should be. */
export function driftOf(actual: Config, wanted: Config) {
  const drift: { key: string; was: string; is: string }[] = [];
  for (const [key, value] of Object.entries(wanted)) {
    const was = actual[key] ?? "";
    if (was !== value) drift.push({ key, was, is: value });
  }
  return drift;
}

function withoutEmpty(config: Config): Config {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== ""));
}

/** One request that holds everything, so that an interrupted creation leaves all or nothing. */
export async function createProject(
  client: IncusClient,
  name: string,
  description: string,
  config: Config,
): Promise<void> {
  const body = { name, description, config: withoutEmpty(config) };
  await client.send("POST", "/1.0/projects", body, { timeoutMs: 25_000 });
}

/**
 * Incus looks at the ETag before it writes, and not while: of two that write at the same moment the
 * first one's change is lost. Within this agent each waits for the other.
 */
const writers = new KeyedLock();

/**
 * Reads, changes and writes a project's configuration; repeats when somebody else wrote between.
 * A PATCH would not do: Incus 6.0 then drops every key that the request does not name.
 * @param change gets the present configuration; undefined leaves it as it is.
 */
export function updateProject(
  client: IncusClient,
  name: string,
  change: (config: Config) => Config | undefined | Promise<Config | undefined>,
): Promise<Config> {
  return writers.run(name, () => rewrite(client, name, change));
}

async function rewrite(
  client: IncusClient,
  name: string,
  change: (config: Config) => Config | undefined | Promise<Config | undefined>,
): Promise<Config> {
  const path = apiPath("projects", name);
  for (let attempt = 1; ; attempt += 1) {
    const { metadata, etag } = await client.send<{ description: string; config: Config }>(
      "GET",
      path,
      undefined,
      { timeoutMs: 20_000 },
    );
    const next = await change({ ...metadata.config });
    if (next === undefined) return metadata.config;
    try {
      const config = withoutEmpty(next);
      const body = { description: metadata.description, config };
      await client.send("PUT", path, body, { headers: { "If-Match": etag }, timeoutMs: 20_000 });
      return config;
    } catch (error) {
      const raced = error instanceof DsecosError && error.message.includes("ETag");
      if (!raced || attempt >= 5) throw error;
    }
  }
}
