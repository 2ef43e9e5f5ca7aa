/**
 * Zones that get what is written into others, and stores outside that get objects by their age, of all
 * zone groups and periods that this cluster knows, as radosgw-admin tells them. Where there are several
 * zones each counts, this cluster's own too: a zone's definition does not say in which cluster it is.
 */
import * as v from "valibot";
import { DsecosError } from "../../../bus/errors.ts";
import type { GatewayTool } from "../../link/tool.ts";
import type { Exits } from "../read/exits.ts";

const names = v.array(v.string());
const listSchemas = {
  zonegroup: v.pipe(
    v.object({ zonegroups: names }),
    v.transform(({ zonegroups }) => zonegroups),
  ),
  realm: v.pipe(
    v.object({ realms: names }),
    v.transform(({ realms }) => realms),
  ),
};

const groupSchema = v.object({
  name: v.string(),
  zones: v.array(
    v.object({ id: v.string(), name: v.string(), tier_type: v.optional(v.string(), "") }),
  ),
  placement_targets: v.optional(
    v.array(
      v.object({
        name: v.string(),
        // Since Ceph 17: storage classes whose objects go to another store.
        tier_targets: v.optional(v.array(v.object({ key: v.string() })), []),
      }),
    ),
    [],
  ),
});
type Group = v.InferOutput<typeof groupSchema>;
const periodSchema = v.object({ period_map: v.object({ zonegroups: v.array(groupSchema) }) });

/** What a zone is for: others than these hand objects to something that is no zone. */
const plainTiers = new Set(["", "rgw", "archive"]);

/** @throws DsecosError where it cannot be asked */
export async function readZones(
  tool: Pick<GatewayTool, "json">,
): Promise<NonNullable<Exits["rgw"]>> {
  const groups = await listed(tool, "zonegroup");
  const realms = groups.length === 0 ? [] : await listed(tool, "realm");
  const found: Group[] = [];
  for (const name of groups) {
    const args = ["zonegroup", "get", `--rgw-zonegroup=${name}`];
    found.push(parsed(groupSchema, await tool.json(args)));
  }
  for (const name of realms) {
    const { period_map } = parsed(
      periodSchema,
      await tool.json(["period", "get", `--rgw-realm=${name}`]),
    );
    found.push(...period_map.zonegroups);
  }
  return { peers: peersOf(found) };
}

export function peersOf(groups: readonly Group[]): string[] {
  const zones = new Map(groups.flatMap((group) => group.zones.map((zone) => [zone.id, zone])));
  const sending = [...zones.values()].filter(
    ({ tier_type }) => zones.size > 1 || !plainTiers.has(tier_type),
  );
  const stores = groups.flatMap(({ name, placement_targets }) =>
    placement_targets.flatMap((target) =>
      target.tier_targets.map(({ key }) => `${name}/${target.name}/${key}`),
    ),
  );
  return [...new Set([...sending.map(({ name }) => name), ...stores])].sort();
}

/** Nothing where there is none: the program says then that there is no such thing. */
async function listed(
  tool: Pick<GatewayTool, "json">,
  what: keyof typeof listSchemas,
): Promise<string[]> {
  try {
    return parsed(listSchemas[what], await tool.json([what, "list"]));
  } catch (error) {
    if (error instanceof DsecosError && error.code === "NotFound") return [];
    throw error;
  }
}

function parsed<T>(schema: v.GenericSchema<unknown, T>, value: unknown): T {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  // No cause: what it tells of stores outside has their keys in it.
  const what = "What radosgw-admin tells of zones is not as expected; its version may be another.";
  throw new DsecosError("Unavailable", what);
}
