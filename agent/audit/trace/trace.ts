/** Answers `dsecos audit trace`: the paths of a tenant's data, and what the record tells of it. */
import { DsecosError } from "../../bus/errors.ts";
import type { IncusClient } from "../../incus/client.ts";
import type { Trace } from "./answers.ts";
import { readTenantFacts } from "./facts.ts";
import { type Kept, keptPaths } from "./kept.ts";
import { type Copies, dataPaths, type Tenancy, verdictOf } from "./paths.ts";

export interface TraceParts {
  client: IncusClient;
  /** @throws NotFound */
  tenancy(name: string): Promise<Tenancy>;
  copies: Copies;
  /** What the tenant keeps on Ceph and in tokens. */
  kept(tenant: string): Promise<Kept>;
  /** How often each action stands in the record of the tenant, most frequent first. */
  trail(tenant: string): Promise<Trace["trail"]>;
}

export async function trace(
  { client, tenancy, copies, kept, trail }: TraceParts,
  { agency, dataflow }: { agency: string; dataflow: boolean },
): Promise<Trace> {
  const tenant = await tenancy(agency);
  const at = new Date().toISOString();
  const head = { agency, at, jurisdiction: tenant.jurisdiction, trail: await trail(agency) };
  if (!dataflow) {
    const verdict = "The data flow was not asked for: add --dataflow.";
    return { ...head, shown: false, verdict, paths: [] };
  }
  if (tenant.jurisdiction === "") {
    throw new DsecosError("Conflict", `${agency} has no jurisdiction; declare one first.`);
  }
  const paths = [
    ...dataPaths(tenant, await readTenantFacts(client, agency), copies),
    ...keptPaths(agency, await kept(agency)),
  ];
  return { ...head, ...verdictOf(tenant, paths), paths };
}
