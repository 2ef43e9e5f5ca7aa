/** Who has a key of the cluster and what each allows, out of what the cluster says of itself. */
import { pageOfRows, searched } from "../../hsm/pages.ts";
import type { ClusterFacts } from "../facts/facts.ts";
import { type KeyringFilter, type KeyringRow, type KeyringsPage, strengths } from "./answers.ts";
import { grantsOf, rowOf } from "./judge.ts";
import { TenantPlaces, tenantOf } from "./places.ts";

interface Ask {
  filter: KeyringFilter;
  /** Name of the agent's own key, such as client.dsecos. */
  own: string;
}

/** A thousand keys with a hundred grants each take their time, and pages ask more than once. */
let newest: { of: readonly unknown[]; rows: KeyringRow[] } | undefined;

function rowsOf(facts: ClusterFacts, own: string): KeyringRow[] {
  const { pools } = facts.need("osdmap");
  const entities = facts.get("entities")?.auth_dump ?? [];
  const of = [pools, entities, own];
  if (newest !== undefined && of.every((one, at) => one === newest?.of[at])) return newest.rows;
  const places = new TenantPlaces(
    new Map(pools.map((pool) => [pool.pool_name, pool.application_metadata])),
  );
  for (const entity of entities) {
    const tenant = tenantOf(entity.entity);
    if (tenant === "") continue;
    for (const grant of grantsOf(entity).get("osd") ?? []) places.add(tenant, grant);
  }
  const rows = entities.map((entity) => rowOf(entity, places, own));
  newest = { of, rows };
  return rows;
}

function answer(facts: ClusterFacts, { filter, own }: Ask): KeyringsPage {
  // What was read before it was refused may not hold any more.
  const known = facts.problems.entities === undefined && facts.get("entities") !== undefined;
  const all = known ? rowsOf(facts, own) : [];
  const counts = { admin: 0, unclear: 0, tenants: 0, operates: 0, limited: 0 };
  for (const { strength } of all) counts[strength] += 1;
  const finds = searched(filter.search);
  const rows = all.filter(
    ({ entity, tenant, caps, holder, flagged }) =>
      (!filter.flagged || flagged) &&
      (filter.holder.length === 0 || filter.holder.includes(holder)) &&
      finds(entity, tenant, ...caps.map(({ text }) => text)),
  );
  const value = (row: KeyringRow) =>
    filter.sort === "strength" ? strengths.indexOf(row.strength) : row[filter.sort];
  return {
    ...pageOfRows(rows, {
      ...{ id: ({ entity }) => entity, value, descending: filter.descending },
      ...{ cursor: filter.cursor, limit: filter.limit },
    }),
    ...{ at: facts.at("osdmap", "entities"), known, counts },
    flagged: all.filter((row) => row.flagged).length,
    missing: [...new Set(Object.values(facts.problems))],
  };
}

export const keyringsQuestion = { needs: ["osdmap"], likes: ["entities"], answer } as const;
