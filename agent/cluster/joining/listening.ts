/** Where this node's Incus listens, and what else it has got by trying to join, to be taken back. */
import { apiPath, type IncusClient } from "../../incus/client.ts";

const addresses = ["core.https_address", "cluster.https_address"] as const;

interface Server {
  config: Record<string, string>;
  environment: { server_clustered: boolean; certificate: string };
}

/** Lists of names, in the order in which they can be deleted. */
const kinds = ["networks", "storage-pools", "projects"] as const;

export interface Before {
  config: Record<(typeof addresses)[number], string>;
  names: Record<(typeof kinds)[number], ReadonlySet<string>>;
}

export function server(client: IncusClient): Promise<Server> {
  return client.get<Server>("/1.0");
}

export async function before(client: IncusClient): Promise<Before> {
  const { config } = await server(client);
  const [networks, pools, projects] = await Promise.all(kinds.map((kind) => names(client, kind)));
  const empty = new Set<string>();
  return {
    config: {
      "core.https_address": config["core.https_address"] ?? "",
      "cluster.https_address": config["cluster.https_address"] ?? "",
    },
    names: {
      networks: networks ?? empty,
      "storage-pools": pools ?? empty,
      projects: projects ?? empty,
    },
  };
}

/** Incus itself leaves all of it behind where it could not join. @throws DsecosError */
export async function takeBack(client: IncusClient, { config, names: known }: Before) {
  for (const kind of kinds) {
    for (const name of await names(client, kind)) {
      if (!known[kind].has(name)) await client.send("DELETE", apiPath(kind, name));
    }
  }
  await client.send("PATCH", "/1.0", { config });
}

async function names(client: IncusClient, kind: string): Promise<ReadonlySet<string>> {
  type Named = { name: string; managed?: boolean };
  const rows = await client.get<Named[]>(`/1.0/${kind}`, { query: { recursion: "1" } });
  return new Set(rows.filter(({ managed = true }) => managed).map(({ name }) => name));
}
