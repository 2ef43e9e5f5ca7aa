import type { IncusClient } from "../../../incus/client.ts";
import { select } from "../../../incus/sql.ts";
import type { Invitation } from "../invitation.ts";
import { bad, type Found, good } from "./check.ts";

/** Of each kind so many are named. */
const shown = 5;
/** Incus's number for a volume that somebody made, rather than one of an instance or image. */
const custom = 2;

const query = `SELECT 'instances', name FROM instances
  UNION ALL SELECT 'projects', name FROM projects WHERE name <> 'default'
  UNION ALL SELECT 'images', substr(fingerprint, 1, 12) FROM images
  UNION ALL SELECT 'volumes', name FROM storage_volumes WHERE type = ${custom}
  UNION ALL SELECT 'buckets', name FROM storage_buckets
  UNION ALL SELECT 'profiles', name FROM profiles WHERE name <> 'default'
  UNION ALL SELECT 'pools', name FROM storage_pools
  UNION ALL SELECT 'networks', name FROM networks`;

/** Joining replaces the database of this node's Incus by the cluster's. @throws DsecosError */
export async function own(
  client: IncusClient,
  { pools, networks }: Pick<Invitation, "pools" | "networks">,
): Promise<Found> {
  const kept = new Set([
    ...pools.map((name) => `pools ${name}`),
    ...networks.map((name) => `networks ${name}`),
  ]);
  const lost = new Map<string, string[]>();
  for (const [kind, name] of await select(client, query)) {
    if (!kept.has(`${kind} ${name}`)) {
      lost.set(String(kind), [...(lost.get(String(kind)) ?? []), String(name)]);
    }
  }
  if (lost.size === 0) return good("Incus on this node has nothing of its own.");
  const parts = [...lost].map(([kind, all]) => {
    const more = all.length > shown ? ` and ${all.length - shown} more` : "";
    return `${kind} ${all.slice(0, shown).join(", ")}${more}`;
  });
  const fact = `Incus on this node would lose what it has of its own: ${parts.join("; ")}.`;
  const remedy =
    "Move it away or delete it first (tenants are projects: dsecos tenants delete), or join with another node.";
  return bad(fact, remedy);
}
