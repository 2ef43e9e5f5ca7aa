/** The gateways' zone and zone group: where they answer, and where they place what. */
import * as v from "valibot";
import { DsecosError } from "../../bus/errors.ts";
import type { GatewayTool } from "../link/tool.ts";

const placementSchema = v.object({
  index_pool: v.string(),
  storage_classes: v.record(v.string(), v.object({ data_pool: v.optional(v.string(), "") })),
  data_extra_pool: v.optional(v.string(), ""),
});
export type Placement = v.InferOutput<typeof placementSchema>;

const zoneSchema = v.looseObject({
  name: v.string(),
  realm_id: v.optional(v.string(), ""),
  placement_pools: v.array(v.object({ key: v.string(), val: placementSchema })),
});
export type Zone = v.InferOutput<typeof zoneSchema>;

const groupSchema = v.object({
  name: v.string(),
  api_name: v.optional(v.string(), ""),
  endpoints: v.optional(v.array(v.string()), []),
  zones: v.array(v.object({ name: v.string(), endpoints: v.optional(v.array(v.string()), []) })),
  placement_targets: v.array(v.object({ name: v.string() })),
});
export type ZoneGroup = v.InferOutput<typeof groupSchema>;

export interface Gateways {
  zone: Zone;
  group: ZoneGroup;
}

export async function readGateways(tool: GatewayTool): Promise<Gateways> {
  const answers = [await tool.json(["zone", "get"]), await tool.json(["zonegroup", "get"])];
  const zone = v.safeParse(zoneSchema, answers[0]);
  const group = v.safeParse(groupSchema, answers[1]);
  if (zone.success && group.success) return { zone: zone.output, group: group.output };
  const [issue] = [...(zone.issues ?? []), ...(group.issues ?? [])];
  const what = "The gateway's zone is not as expected; its version may be too old.";
  throw new DsecosError("Unavailable", what, { cause: new Error(issue?.message) });
}

/**
 * Where S3 answers: what the agent was told, or else what the zone says.
 * @throws Conflict where neither says
 */
export function endpointOf({ zone, group }: Gateways, told: string): string {
  const own = group.zones.find(({ name }) => name === zone.name);
  const [endpoint] = [told, ...(own?.endpoints ?? []), ...group.endpoints].filter(Boolean);
  if (endpoint !== undefined) return endpoint.replace(/\/$/, "");
  const what = `Nobody says where the S3 gateway answers; write its address into cephGateway of the agent's configuration, or into its zone: radosgw-admin zone modify --rgw-zone ${zone.name} --endpoints ADDRESS`;
  throw new DsecosError("Conflict", what);
}

/** @throws Conflict where what is stored would be copied to other zones */
export function requireOneZone({ group }: Gateways): void {
  if (group.zones.length === 1) return;
  const names = group.zones.map(({ name }) => name).join(", ");
  const what = `The zone group ${group.name} has several zones (${names}), and gateways copy buckets from one to the others, wherever they are; make a zone group with one zone for tenants' buckets.`;
  throw new DsecosError("Conflict", what);
}

/** @returns pools with names of buckets, users and keys, of which the zone has one set for all */
export function sharedPools(zone: Zone): string[] {
  const names = Object.entries(zone)
    .filter(([key]) => key.endsWith("_pool") || key === "domain_root")
    .map(([, value]) => (typeof value === "string" ? (value.split(":")[0] ?? "") : ""));
  return [...new Set(names.filter((name) => name !== ""))];
}
