/** What is known of volumes' users, so that a process is not started for each of them every minute. */
import { DsecosError } from "../../bus/errors.ts";
import type { GatewayTool } from "../link/tool.ts";
import { gatewayTenant, uidOf } from "./names.ts";
import type { Credentials } from "./s3.ts";
import { GatewayUsers, type User } from "./users.ts";

/** What somebody did to a user is seen after this long. */
const userMs = 60 * 60_000;

export class KeyHolders {
  readonly users: GatewayUsers;
  readonly #now: () => number;
  readonly #known = new Map<string, { user: User; at: number }>();
  /** When each was suspended. */
  readonly #suspended = new Map<string, number>();
  /** Users of volumes that were looked for. */
  readonly #declared = new Set<string>();
  /** Keys of volumes that are being removed, which the agent alone has. */
  readonly #leaving = new Map<string, Credentials>();

  constructor(tool: GatewayTool, now: () => number) {
    this.users = new GatewayUsers(tool);
    this.#now = now;
  }

  declare(tenant: string, volume: string): void {
    this.#declared.add(uidOf(tenant, volume));
  }

  /** @throws Conflict where there is none any more */
  async user(tenant: string, volume: string): Promise<User> {
    const uid = uidOf(tenant, volume);
    const known = this.#known.get(uid);
    const now = this.#now();
    if (known !== undefined && Math.abs(now - known.at) < userMs) return known.user;
    const user = await this.users.find(tenant, volume);
    if (user === undefined) {
      const what = `The gateway has no user ${uid} any more, whose bucket the volume ${volume} is; make it: radosgw-admin user create --uid '${uid}' --display-name '${volume}' --max-buckets=-1`;
      throw new DsecosError("Conflict", what);
    }
    this.#known.set(uid, { user, at: now });
    return user;
  }

  /** The volume's user as it then is: its key opens the bucket. */
  async enabled(tenant: string, volume: string): Promise<User> {
    const user = await this.user(tenant, volume);
    const uid = uidOf(tenant, volume);
    this.#suspended.delete(uid);
    if (!user.suspended) return user;
    await this.users.enable(tenant, volume);
    this.#known.delete(uid);
    return user;
  }

  /** Of a tenant, all that were looked for and are not among these. */
  async suspendOthers(tenant: string, open: ReadonlySet<string>): Promise<void> {
    const prefix = `${gatewayTenant(tenant)}$`;
    for (const uid of this.#declared) {
      if (uid.startsWith(prefix) && !open.has(uid)) await this.suspend(uid);
    }
  }

  async suspend(uid: string): Promise<void> {
    const at = this.#suspended.get(uid);
    const isRecent = at !== undefined && Math.abs(this.#now() - at) < userMs;
    if (isRecent || this.#leaving.has(uid)) return;
    try {
      await this.users.suspend(uid);
    } catch (error) {
      // It was never made, or is gone.
      if (!(error instanceof DsecosError) || error.code !== "NotFound") throw error;
    }
    this.#suspended.set(uid, this.#now());
    this.#known.delete(uid);
  }

  /** A key that the agent alone has: what the tenant was given opens nothing from now on. */
  async takeOver(tenant: string, volume: string): Promise<Credentials> {
    const uid = uidOf(tenant, volume);
    const before = this.#leaving.get(uid);
    if (before !== undefined) return before;
    const { credentials } = await this.users.rekey(tenant, volume);
    this.#leaving.set(uid, credentials);
    await this.users.enable(tenant, volume);
    return credentials;
  }

  /**
   * Another key for a user whose own the gateway does not know: `radosgw-admin` writes the user and
   * the index of keys one after the other, and was cut off between them.
   */
  async mend(tenant: string, volume: string): Promise<void> {
    this.#known.delete(uidOf(tenant, volume));
    await this.users.rekey(tenant, volume);
  }

  /** Asks anew the next time. */
  doubt(uid: string): void {
    this.#known.delete(uid);
  }

  async remove(tenant: string, volume: string): Promise<void> {
    await this.users.remove(tenant, volume);
    const uid = uidOf(tenant, volume);
    for (const kept of [this.#known, this.#suspended, this.#declared, this.#leaving])
      kept.delete(uid);
  }
}
