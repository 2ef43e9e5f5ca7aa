/** Every way out of the cluster that can be asked for; of what cannot, why. */
import * as v from "valibot";
import { DsecosError } from "../../../bus/errors.ts";
import type { GatewayTool } from "../../link/tool.ts";
import type { Ceph } from "../../link/types.ts";
import type { JurisdictionMap } from "../map/document.ts";
import type { Exits } from "../read/exits.ts";
import { readFileSystems } from "./cephfs.ts";
import { readClients } from "./clients.ts";
import { readMirrors } from "./rbd.ts";
import { readZones } from "./rgw.ts";

export interface ExitParts {
  link: Ceph;
  /** radosgw-admin. */
  gateways: Pick<GatewayTool, "json">;
  /** As whom the agent is connected, such as client.dsecos. */
  user: string;
}

const poolsSchema = v.array(v.union([v.string(), v.object({ poolname: v.string() })]));

export async function readExits(
  { link, gateways, user }: ExitParts,
  { networks }: Pick<JurisdictionMap, "networks">,
): Promise<Exits> {
  const reasons: NonNullable<Exits["reasons"]> = {};
  const orReason = async <T>(kind: keyof typeof reasons, asked: () => Promise<T>) => {
    try {
      return await asked();
    } catch (error) {
      if (!(error instanceof DsecosError)) throw error;
      reasons[kind] = error.message;
      return undefined;
    }
  };
  const [mirrors, cephfs, rgw, clients] = await Promise.all([
    orReason("rbd", async () => readMirrors(link, await poolNames(link))),
    orReason("cephfs", () => readFileSystems(link)),
    orReason("rgw", () => readZones(gateways)),
    networks === undefined ? undefined : orReason("clients", () => readClients(link, user)),
  ]);
  if (mirrors !== undefined && mirrors.reason !== "") reasons.rbd = mirrors.reason;
  return {
    ...(mirrors === undefined ? {} : { rbd: mirrors.rbd }),
    ...(cephfs === undefined ? {} : { cephfs }),
    ...(rgw === undefined ? {} : { rgw }),
    ...(clients === undefined ? {} : { clients }),
    ...(Object.keys(reasons).length === 0 ? {} : { reasons }),
  };
}

async function poolNames(link: Pick<Ceph, "mon">): Promise<string[]> {
  const pools = v.parse(poolsSchema, await link.mon("osd pool ls"));
  return pools.map((pool) => (typeof pool === "string" ? pool : pool.poolname));
}
