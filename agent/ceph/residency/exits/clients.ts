/**
 * Who is connected to the cluster, and from where: sessions of every monitor in the quorum, of which
 * each client of librados, RBD and CephFS keeps one. What a client may read is known where the agent's
 * key may list capabilities.
 */
import * as v from "valibot";
import { DsecosError } from "../../../bus/errors.ts";
import type { Ceph } from "../../link/types.ts";
import type { Exits } from "../read/exits.ts";

const quorumSchema = v.object({ quorum_names: v.pipe(v.array(v.string()), v.minLength(1)) });
const addrSchema = v.object({ addr: v.string() });
const sessionsSchema = v.array(
  v.object({
    entity_name: v.string(),
    con_type: v.string(),
    socket_addr: addrSchema,
    addrs: v.optional(v.object({ addrvec: v.array(addrSchema) }), { addrvec: [] }),
  }),
);
const authSchema = v.object({
  auth_dump: v.array(v.object({ entity: v.string(), caps: v.record(v.string(), v.string()) })),
});

/**
 * @param self the agent's own name, which is left out
 * @throws DsecosError where it cannot be asked
 */
export async function readClients(
  link: Pick<Ceph, "mon" | "text">,
  self: string,
): Promise<NonNullable<Exits["clients"]>> {
  const { quorum_names } = parsed(quorumSchema, await link.mon("quorum_status"));
  const sessions = await Promise.all(quorum_names.map((name) => sessionsOf(link, name)));
  const found = new Map<string, { entity: string; address: string }>();
  for (const { entity_name: entity, con_type, socket_addr, addrs } of sessions.flat()) {
    // Daemons are where CRUSH and the cluster's own maps say.
    if (con_type !== "client" || !entity.startsWith("client.") || entity === self) continue;
    for (const { addr } of [socket_addr, ...addrs.addrvec]) {
      const address = addr.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
      found.set(`${entity} ${address}`, { entity, address });
    }
  }
  const caps = found.size === 0 ? new Map() : await capabilities(link);
  return [...found.values()]
    .map((client) => ({ ...client, ...caps.get(client.entity) }))
    .sort((a, b) => (`${a.entity} ${a.address}` < `${b.entity} ${b.address}` ? -1 : 1));
}

async function sessionsOf(link: Pick<Ceph, "text">, mon: string) {
  const bytes = await link.text(`mon.${mon}`, "sessions");
  return parsed(sessionsSchema, JSON.parse(new TextDecoder().decode(bytes)));
}

/** @returns of all where they may be listed, else of nobody */
async function capabilities(
  link: Pick<Ceph, "mon">,
): Promise<Map<string, { osd: string; mds: string }>> {
  try {
    const { auth_dump } = parsed(authSchema, await link.mon("auth ls"));
    return new Map(
      auth_dump.map(({ entity, caps }) => [entity, { osd: caps.osd ?? "", mds: caps.mds ?? "" }]),
    );
  } catch (error) {
    if (error instanceof DsecosError) return new Map();
    throw error;
  }
}

function parsed<T>(schema: v.GenericSchema<unknown, T>, value: unknown): T {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  throw new DsecosError("Unavailable", "What monitors tell of clients is not as expected.");
}
