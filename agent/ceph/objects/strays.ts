/** Buckets in namespaces of tenants that nobody declared. */
import type { Volumes } from "../volumes/book.ts";
import type { Bucket } from "./buckets.ts";
import { gatewayTenant } from "./names.ts";

/** More are not named. */
const mostNamed = 100;

/** @param buckets by `<tenant>/<name>` as the gateway has them */
export function objectStrays(
  buckets: ReadonlyMap<string, Bucket>,
  declared: ReadonlyMap<string, Volumes>,
): string[] {
  const tenants = new Map([...declared].map(([tenant, own]) => [gatewayTenant(tenant), own]));
  return [...buckets.keys()]
    .filter((path) => {
      const [tenant = "", name = ""] = path.split("/");
      const own = tenants.get(tenant);
      return own !== undefined && own.get(name)?.kind !== "object";
    })
    .slice(0, mostNamed)
    .map(
      (path) =>
        `The bucket ${path} was declared by nobody; look at it (radosgw-admin bucket stats --bucket ${path}) and remove it, or leave it.`,
    );
}
