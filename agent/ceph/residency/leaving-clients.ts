/** Clients that are connected from where a pool's data must not be, and what their keys reach. */
import type { ExitQuestion } from "./leaving.ts";
import { jurisdictionAt } from "./map/networks.ts";
import type { KnownExits } from "./read/exits.ts";
import type { Pool } from "./read/osdmap.ts";

type Client = NonNullable<KnownExits["clients"]>[number];

export function judgeClients({ clients, reasons }: KnownExits, question: ExitQuestion): void {
  const { pool, allowed, networks, findings } = question;
  if (networks === undefined) return;
  if (clients === undefined) {
    const why = reasons?.clients === undefined ? "" : ` ${reasons.clients}`;
    const remedy = "It takes the capability: mon 'allow command sessions'.";
    findings.add("unknown", "client", () => ({
      sentence: `It is not known of ${pool.name} from where clients read it.${why} ${remedy}`,
    }));
    return;
  }
  for (const client of clients) {
    const place = jurisdictionAt(networks, client.address);
    if (place !== undefined && allowed.includes(place)) continue;
    const reach = reaches(client, pool);
    if (reach === "no") continue;
    const where =
      place === undefined
        ? "of whose network nobody said where it is"
        : `whose network is in ${place}`;
    findings.add(reach === "yes" && place !== undefined ? "violates" : "unknown", "client", () => ({
      sentence: `${client.entity} at ${client.address}, ${where}, ${
        reach === "yes" ? "may read" : "is connected, and nobody tells whether it may read"
      } ${pool.name}.`,
    }));
  }
}

/**
 * By its capabilities (OSDCap of Ceph's osd/OSDCap.cc): a grant is for a pool by its name, for pools
 * that an application tagged, or for all. Namespaces and prefixes only narrow it.
 */
function reaches({ osd, mds }: Client, pool: Pool): "yes" | "no" | "unknown" {
  if (osd === undefined) return "unknown";
  // Names and small files are read through the metadata server.
  const fileSystem = pool.applications.get("cephfs");
  if (mds !== undefined && mds !== "" && fileSystem?.metadata !== undefined) return "yes";
  const grants = osd.split(/[,;]/).filter((grant) => grant.trim() !== "");
  return grants.some((grant) => isGranted(grant, pool)) ? "yes" : "no";
}

function isGranted(grant: string, pool: Pool): boolean {
  const named = /\bpool[= ]+["']?([^\s"']+)/.exec(grant)?.[1];
  if (named !== undefined) return named === pool.name;
  const tag = /\btag\s+(\S+)\s+([^\s=]+)\s*=\s*(\S+)/.exec(grant);
  if (tag === null) return true;
  const [, application = "", key = "", value = ""] = tag;
  const notes = pool.applications.get(application);
  if (notes === undefined) return false;
  const found = key === "*" ? Object.values(notes) : key in notes ? [notes[key]] : [];
  return value === "*" ? key === "*" || found.length > 0 : found.includes(value);
}
