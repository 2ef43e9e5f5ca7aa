/**
 * Slots that the next policy must have: those of tenants, and those whose storage pool is still
 * there, since what lies in it carries the slot's types.
 */
import { DsecosError } from "../../bus/errors.ts";
import type { IncusClient } from "../../incus/client.ts";
import { numberKey, parseNumber, poolNumber } from "../../tenants/numbers.ts";
import type { SlotPlan } from "../policy/slots.ts";

export type SlotsInUse = Required<Omit<SlotPlan, "spare">>;

interface Project {
  name: string;
  config: Record<string, string>;
}

/** @throws DsecosError where Incus does not answer, or a number is none: nothing is built then */
export async function slotsInUse(client: IncusClient): Promise<SlotsInUse> {
  const query = { recursion: "1" };
  const [projects, pools] = await Promise.all([
    client.get<Project[]>("/1.0/projects", { query }),
    client.get<{ name: string }[]>("/1.0/storage-pools", { query }),
  ]);
  const tenants = projects.flatMap(({ name, config }) => {
    const text = config[numberKey];
    if (text === undefined || text === "") return [];
    const number = parseNumber(text);
    if (number === undefined) {
      const what = `The project ${name} says ${JSON.stringify(text.slice(0, 20))} for ${numberKey}, which is no slot: set it to the number of the pool that its files lie in.`;
      throw new DsecosError("Conflict", what);
    }
    return [{ name, number }];
  });
  const used = new Set(tenants.map(({ number }) => number));
  const quarantined = pools
    .flatMap(({ name }) => poolNumber(name) ?? [])
    .filter((slot) => !used.has(slot));
  return { tenants, quarantined };
}
