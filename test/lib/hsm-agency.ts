/** A tenant with a token of its own and keys in it, through the bus, as people make it. */
import { vi } from "vitest";
import { approvals } from "../../agent/approvals/contract.ts";
import type { Algorithm } from "../../agent/hsm/algorithms.ts";
import { hsm } from "../../agent/hsm/contract.ts";
import { type JobRecord, job } from "../../agent/jobs/contract.ts";
import { tenants } from "../../agent/tenants/contract.ts";
import type { Answer, Person } from "./caller.ts";

export interface Staff {
  operator: Person;
  officer: Person;
  /** Who agrees to what the officer asks. */
  second: Person;
}

export async function ended(person: Person, id: unknown): Promise<JobRecord> {
  return vi.waitFor(
    async () => {
      const record = (await person.call(job, "Show", id)) as JobRecord;
      if (record.state === "running") throw new Error(`still ${record.step}`);
      return record;
    },
    { timeout: 60_000, interval: 50 },
  );
}

/** Asks for what needs a second person, who agrees, and asks again. */
export async function approved(
  { officer, second }: Staff,
  member: keyof typeof hsm.methods,
  ...inputs: unknown[]
): Promise<Answer> {
  const first = await officer.try(hsm, member, ...inputs);
  if (first.error?.name !== "org.dsecos.Error.NeedsApproval") return first;
  const [request] = (await second.call(approvals, "List")) as { id: string; hash: string }[];
  await second.call(approvals, "Approve", request?.id, request?.hash);
  return officer.try(hsm, member, ...inputs);
}

export async function createAgency(
  { operator, officer }: Staff,
  name: string,
  keys: Record<string, Algorithm>,
): Promise<void> {
  const quota = { cpu: "1", ram: "1GiB", storage: "1GiB" };
  await operator.call(tenants, "Create", name, { domain: `${name.replaceAll("-", "_")}_t`, quota });
  await officer.call(hsm, "CreateToken", name, "softhsm");
  for (const [key, algorithm] of Object.entries(keys)) {
    const id = await officer.call(hsm, "CreateKey", name, { name: key, algorithm });
    const record = await ended(officer, id);
    if (record.state !== "succeeded") throw new Error(`${key}: ${record.error}`);
  }
}
