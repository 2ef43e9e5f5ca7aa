/** Acts of people beside the browser, over the same bus. */

import type { ApprovalRecord } from "../../agent/approvals/contract.ts";
import { approvals } from "../../agent/approvals/contract.ts";
import { instances } from "../../agent/instances/contract.ts";
import { type JobRecord, job } from "../../agent/jobs/contract.ts";
import { tenants } from "../../agent/tenants/contract.ts";
import { Person } from "../lib/caller.ts";
import { people } from "../lib/test-stack.js";

export const as = (role: keyof typeof people) => Person.as(people[role]);

interface Wanted {
  displayName?: string;
  classification?: string;
  jurisdiction?: string;
  cpu?: string;
}

export async function createTenant(operator: Person, name: string, wanted: Wanted = {}) {
  const { cpu = "16", ...rest } = wanted;
  await operator.call(tenants, "Create", name, {
    domain: `${name.replaceAll("-", "_")}_t`,
    quota: { cpu, ram: "64GiB", storage: "1TB" },
    ...rest,
  });
}

/** Waits until a job is over. @throws when it failed. */
export async function finished(person: Person, id: string): Promise<JobRecord> {
  for (;;) {
    const record = (await person.call(job, "Show", id)) as JobRecord;
    if (record.state === "succeeded") return record;
    if (record.state !== "running") throw new Error(`${record.title}: ${JSON.stringify(record)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Deletes a tenant at once with all it has, with the second person that this needs. */
export async function removeTenant(operator: Person, officer: Person, name: string) {
  const asked = await operator.try(tenants, "Delete", name, true, 0);
  if (asked.error && !asked.error.name.endsWith("NeedsApproval")) {
    throw new Error(`${name}: ${asked.error.message}`);
  }
  const open = (await officer.call(approvals, "List")) as ApprovalRecord[];
  const request = open.find(({ state, tenant }) => state === "pending" && tenant === name);
  if (request) await officer.call(approvals, "Approve", request.id, request.hash);
  const id = await operator.call(tenants, "Delete", name, true, 0);
  await finished(operator, String(id));
}

export async function createInstances(
  operator: Person,
  tenant: string,
  name: string,
  count: number,
) {
  const spec = { image: "debian-13", count, cpu: 1, ram: "128MiB", storage: "1GiB", start: true };
  return String(await operator.call(instances, "Create", tenant, name, spec));
}
