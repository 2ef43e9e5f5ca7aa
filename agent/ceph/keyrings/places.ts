/**
 * Where tenants' data is, by the keys that this agent made for tenants, and which of it a grant
 * reaches. A key that was made for two tenants by mistake is found by that as well.
 */
import type { Grant } from "./grants.ts";

/** What tenants' keys are named by; see volumes/keys.ts. */
const tenantKey = /^client\.dsecos\.(.+)$/;

export const tenantOf = (entity: string): string => tenantKey.exec(entity)?.[1] ?? "";

/** Words of pools' applications, by the pool's name. */
export type Applications = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

export class TenantPlaces {
  /** By pool, then by namespace. */
  readonly #places = new Map<string, Map<string, Set<string>>>();
  readonly #applications: Applications;

  constructor(applications: Applications) {
    this.#applications = applications;
  }

  /** One namespace of pools, as tenants' keys name them; wider grants say nothing of whose it is. */
  add(tenant: string, grant: Grant): void {
    const { namespace } = grant;
    if (namespace === undefined || namespace === "" || namespace.endsWith("*")) return;
    for (const pool of this.#poolsOf(grant)) {
      const spaces = this.#places.get(pool) ?? new Map<string, Set<string>>();
      this.#places.set(pool, spaces);
      const owners = spaces.get(namespace) ?? new Set<string>();
      spaces.set(namespace, owners.add(tenant));
    }
  }

  #poolsOf(grant: Grant): string[] {
    if (grant.pool !== "") return [grant.pool];
    if (grant.tag === undefined) return [];
    return [...this.#applications.keys()].filter((pool) => this.#isTagged(pool, grant));
  }

  reachedBy(grant: Grant, into: Set<string>): void {
    const { pool, namespace } = grant;
    const pools = pool === "" ? [...this.#places.keys()] : [pool];
    for (const name of pools) {
      const spaces = this.#places.get(name);
      if (spaces === undefined || !this.#isTagged(name, grant)) continue;
      if (namespace !== undefined && !namespace.endsWith("*")) {
        for (const tenant of spaces.get(namespace) ?? []) into.add(tenant);
        continue;
      }
      const start = namespace?.slice(0, -1) ?? "";
      for (const [space, tenants] of spaces) {
        if (!space.startsWith(start)) continue;
        for (const tenant of tenants) into.add(tenant);
      }
    }
  }

  /** Whether a pool has the word of an application that a grant asks for. */
  #isTagged(pool: string, { tag }: Grant): boolean {
    if (tag === undefined) return true;
    const words = this.#applications.get(pool)?.[tag.application];
    if (typeof words !== "object" || words === null) return false;
    if (tag.key === "*" && tag.value === "*") return true;
    return Object.entries(words).some(
      ([key, value]) =>
        (tag.key === "*" || tag.key === key) && (tag.value === "*" || tag.value === value),
    );
  }
}
