/** Acts of people beside the browser, over the same bus. */

import { afterAll, beforeAll } from "vitest";
import type { ApprovalRecord } from "../../agent/approvals/contract.ts";
import { approvals } from "../../agent/approvals/contract.ts";
import { instances } from "../../agent/instances/contract.ts";
import { type JobRecord, job } from "../../agent/jobs/contract.ts";
import { tenants } from "../../agent/tenants/contract.ts";
import { Person } from "../lib/caller.ts";
import { people } from "../lib/test-stack.js";

/** Both are there from the first hook behind the call to the last test of the file. */
interface Staff {
  readonly operator: Person;
  readonly officer: Person;
}

/** Registers that an operator and an officer come before the tests of a file, and go after them. */
export function withStaff(): Staff {
  let operator: Person;
  let officer: Person;
  beforeAll(async () => {
    operator = await Person.as(people.operator);
    officer = await Person.as(people.officer);
  });
  afterAll(() => {
    operator.end();
    officer.end();
  });
  return {
    get operator() {
      return operator;
    },
    get officer() {
      return officer;
    },
  };
}

/**
 * The same with a tenant, which is deleted in the end with all it has.
 *
 * @param instance name and number of the instances that the tenant has, started
 */
export function withTenant(name: string, instance?: [name: string, count: number]): Staff {
  const staff = withStaff();
  beforeAll(async () => {
    await createTenant(staff.operator, name);
    if (!instance) return;
    await finished(staff.operator, await createInstances(staff.operator, name, ...instance));
  });
  afterAll(() => removeTenant(staff.operator, staff.officer, name));
  return staff;
}

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

/** Approves what waits for somebody else. @param member with its subsystem, such as `ceph.EraseVolume` */
export async function approveOne(second: Person, member: string): Promise<void> {
  const open = (await second.call(approvals, "List")) as ApprovalRecord[];
  const request = open.find((one) => one.state === "pending" && one.member === member);
  if (!request) throw new Error(`nobody asked for ${member}`);
  await second.call(approvals, "Approve", request.id, request.hash);
}
