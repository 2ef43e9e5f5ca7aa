/** Which instances would not start any more, since nothing labels their files as a tenant's. */
import { IncusClient } from "../../incus/client.ts";
import { poolNumber } from "../../tenants/numbers.ts";
import { type Check, good, warning } from "./checks.ts";
import { type Place, systemOf, under } from "./place.ts";

type Found = Omit<Check, "id" | "title">;

interface Instance {
  name: string;
  project: string;
  expanded_devices: Record<string, Record<string, string>>;
}

export async function instancesCheck(place: Place): Promise<Found> {
  if (!(await systemOf(place).exists(place.incus))) return good("Incus does not run here.");
  const client = new IncusClient(under(place, place.incus));
  try {
    const query = { recursion: "1", "all-projects": "true" };
    const instances = await client.get<Instance[]>("/1.0/instances", { query });
    const outside = instances.filter(({ expanded_devices: devices }) => {
      const root = Object.values(devices).find(({ type, path }) => type === "disk" && path === "/");
      return poolNumber(root?.pool ?? "") === undefined;
    });
    if (outside.length === 0)
      return good(`All ${instances.length} instances lie in pools of slots.`);
    const names = outside.slice(0, 5).map(({ project, name }) => `${project}/${name}`);
    const more = outside.length > names.length ? ` and ${outside.length - names.length} more` : "";
    const fact = `${outside.length} of ${instances.length} instances do not lie in the pool of a slot and would not start: ${names.join(", ")}${more}.`;
    return warning(fact, "Export them before, and import them into their tenants' pools after.");
  } catch (error) {
    const what = `Incus does not tell which instances there are: ${(error as Error).message}`;
    return warning(what, "Start Incus and run this again.");
  } finally {
    client.close();
  }
}
