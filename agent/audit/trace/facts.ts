/** What Incus knows of the places that a tenant's data is in or could reach. */
import { DsecosError } from "../../bus/errors.ts";
import type { IncusClient } from "../../incus/client.ts";

export interface Pool {
  name: string;
  driver: string;
  config: Record<string, string>;
}

export interface Network {
  name: string;
  type: string;
  managed: boolean;
  config: Record<string, string>;
}

export interface Instance {
  name: string;
  location: string;
  expanded_devices: Record<string, Record<string, string>>;
  backups: unknown[] | null;
}

export interface Volume {
  name: string;
  pool: string;
  location: string;
}

export interface Image {
  fingerprint: string;
  auto_update: boolean;
  update_source?: { server: string } | null;
}

export interface TenantFacts {
  clustered: boolean;
  /** Declared jurisdiction of each node, by its name; empty text where none is declared. */
  nodes: ReadonlyMap<string, string>;
  /** Addresses on which Incus itself can be reached; empty when only its socket is open. */
  apiAddress: string;
  pools: readonly Pool[];
  networks: readonly Network[];
  instances: readonly Instance[];
  volumes: readonly Volume[];
  images: readonly Image[];
}

/** `incus config set user.dsecos.jurisdiction=UK`, or the same of a cluster member. */
export const jurisdictionKey = "user.dsecos.jurisdiction";

interface Server {
  config: Record<string, string>;
  environment: { server_clustered: boolean; server_name: string };
}

const options = { timeoutMs: 20_000 };
const whole = { recursion: "1" };

/** @throws DsecosError NotFound for an unknown project, Unavailable while Incus is away. */
export async function readTenantFacts(client: IncusClient, tenant: string): Promise<TenantFacts> {
  const server = await client.get<Server>("/1.0", options);
  const inProject = { ...options, project: tenant };
  const [pools, networks, instances, images, nodes] = await Promise.all([
    client.get<Pool[]>("/1.0/storage-pools", { ...options, query: whole }),
    client.get<Network[]>("/1.0/networks", { ...inProject, query: whole }),
    client.get<Instance[]>("/1.0/instances", { ...inProject, query: { recursion: "2" } }),
    client.get<Image[]>("/1.0/images", { ...inProject, query: whole }),
    readNodes(client, server),
  ]);
  const volumes = await Promise.all(
    pools.map(({ name }) => readVolumes(client, name, tenant, inProject)),
  );
  return {
    clustered: server.environment.server_clustered,
    apiAddress: server.config["core.https_address"] ?? "",
    nodes,
    pools,
    networks: networks.filter(({ managed }) => managed),
    instances,
    volumes: volumes.flat(),
    images,
  };
}

async function readNodes(
  client: IncusClient,
  { environment, config }: Server,
): Promise<Map<string, string>> {
  if (!environment.server_clustered) {
    return new Map([[environment.server_name, config[jurisdictionKey] ?? ""]]);
  }
  const members = await client.get<{ server_name: string; config: Record<string, string> }[]>(
    "/1.0/cluster/members",
    { ...options, query: whole },
  );
  return new Map(
    members.map((member) => [member.server_name, member.config[jurisdictionKey] ?? ""]),
  );
}

async function readVolumes(
  client: IncusClient,
  pool: string,
  tenant: string,
  inProject: { project: string; timeoutMs: number },
): Promise<Volume[]> {
  try {
    const path = `/1.0/storage-pools/${encodeURIComponent(pool)}/volumes`;
    const found = await client.get<{ name: string; type: string; location: string }[]>(path, {
      ...inProject,
      query: whole,
    });
    return found
      .filter(({ type }) => type === "custom")
      .map(({ name, location }) => ({ name, pool, location }));
  } catch (error) {
    if (!(error instanceof DsecosError)) throw error;
    const message = `The volumes of ${tenant} in pool ${pool} cannot be read: ${error.message}`;
    throw new DsecosError(error.code, message, { cause: error });
  }
}
