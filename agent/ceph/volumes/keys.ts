/**
 * A tenant's key to its volumes: one in cephx, whose capabilities name exactly the paths and the
 * namespaces of its volumes.
 */
import * as v from "valibot";
import { DsecosError } from "../../bus/errors.ts";
import type { Ceph } from "../link/types.ts";
import { capabilities } from "./kinds/grants.ts";
import type { Grants } from "./kinds/types.ts";

const entrySchema = v.pipe(
  v.array(v.object({ key: v.string(), caps: v.record(v.string(), v.string()) })),
  v.length(1),
);

/** Without “client.”, as clients are told it. */
export const userOf = (tenant: string) => `dsecos.${tenant}`;
const entityOf = (tenant: string) => `client.${userOf(tenant)}`;

export class TenantKeys {
  readonly #ceph: Pick<Ceph, "mon">;

  constructor(ceph: Pick<Ceph, "mon">) {
    this.#ceph = ceph;
  }

  /**
   * Lets the tenant's key do what its volumes need and nothing else; without any there is no key.
   * @returns whether something was changed
   */
  async allow(tenant: string, grants: readonly Grants[]): Promise<boolean> {
    const entity = entityOf(tenant);
    const now = await this.#entry(tenant);
    const wanted = capabilities(grants);
    if (Object.keys(wanted).length === 0) {
      if (now !== undefined) await this.#ceph.mon("auth rm", { entity });
      return now !== undefined;
    }
    if (now !== undefined && isSame(now.caps, wanted)) return false;
    const caps = Object.entries(wanted).flat();
    await this.#ceph.mon(now === undefined ? "auth get-or-create" : "auth caps", { entity, caps });
    return true;
  }

  /** The secret, for the tenant's client alone. @throws NotFound while there is no key */
  async secret(tenant: string): Promise<string> {
    const entry = await this.#entry(tenant);
    if (entry !== undefined) return entry.key;
    const what = `${tenant} has no key for its volumes yet; look again when one of them is ready.`;
    throw new DsecosError("NotFound", what);
  }

  async #entry(tenant: string): Promise<{ key: string; caps: Record<string, string> } | undefined> {
    let answer: unknown;
    try {
      answer = await this.#ceph.mon("auth get", { entity: entityOf(tenant) });
    } catch (error) {
      if (error instanceof DsecosError && error.code === "NotFound") return undefined;
      throw error;
    }
    const result = v.safeParse(entrySchema, answer);
    if (result.success) return result.output[0];
    // No cause: what the answer holds is secret.
    const what = `Ceph's answer about the key of ${tenant} is not as expected; the cluster's version may be too old.`;
    throw new DsecosError("Unavailable", what);
  }
}

function isSame(a: Record<string, string>, b: Record<string, string>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

/** Text of a keyring file. */
export function keyringText(tenant: string, secret: string): string {
  return `[${entityOf(tenant)}]\n\tkey = ${secret}\n`;
}
