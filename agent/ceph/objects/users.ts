/** Users of the gateway: one for each volume, in the tenant's own namespace of users and buckets. */
import * as v from "valibot";
import { DsecosError } from "../../bus/errors.ts";
import type { GatewayTool } from "../link/tool.ts";
import { uidOf } from "./names.ts";
import type { Credentials } from "./s3.ts";

const infoSchema = v.object({
  user_id: v.string(),
  suspended: v.union([v.number(), v.boolean()]),
  max_buckets: v.number(),
  keys: v.array(v.object({ user: v.string(), access_key: v.string(), secret_key: v.string() })),
  subusers: v.optional(v.array(v.unknown()), []),
  caps: v.optional(v.array(v.unknown()), []),
  system: v.optional(v.union([v.boolean(), v.string()]), false),
  admin: v.optional(v.union([v.boolean(), v.string()]), false),
});
type Info = v.InferOutput<typeof infoSchema>;

/** A user makes no bucket at all with it, and so none without a quota or somewhere else. */
const noBuckets = -1;

export interface User {
  credentials: Credentials;
  suspended: boolean;
  /** Public halves of all its keys; more than one where a change of key was cut off. */
  accessKeys: string[];
}

export class GatewayUsers {
  readonly #tool: GatewayTool;

  constructor(tool: GatewayTool) {
    this.#tool = tool;
  }

  /** Names of all users, `<tenant>$<volume>` for ours. */
  async names(): Promise<string[]> {
    return v.parse(v.array(v.string()), await this.#tool.json(["metadata", "list", "user"]));
  }

  /** @returns undefined where there is none. @throws Conflict where it may more than its bucket */
  async find(tenant: string, volume: string): Promise<User | undefined> {
    try {
      return await this.#ask(tenant, volume, ["user", "info"]);
    } catch (error) {
      if (error instanceof DsecosError && error.code === "NotFound") return undefined;
      throw error;
    }
  }

  /** May be asked again when it was cut off. It can make one bucket until it is shut. */
  async make(tenant: string, volume: string): Promise<User> {
    const there = await this.find(tenant, volume);
    if (there !== undefined) {
      if (there.suspended) await this.enable(tenant, volume);
      return this.#ask(tenant, volume, ["user", "modify"], ["--max-buckets", "1"]);
    }
    const name = `Volume ${volume} of ${tenant}`;
    const more = ["--display-name", name, "--max-buckets", "1"];
    return this.#ask(tenant, volume, ["user", "create"], more);
  }

  /** From now on it makes no bucket. */
  async shut(tenant: string, volume: string): Promise<void> {
    const more = ["--max-buckets", String(noBuckets)];
    await this.#ask(tenant, volume, ["user", "modify"], more);
  }

  /** Its key opens nothing while it is suspended, addresses that it signed before included. */
  async suspend(uid: string): Promise<void> {
    await this.#tool.text(["user", "suspend", "--uid", uid]);
  }

  async enable(tenant: string, volume: string): Promise<void> {
    await this.#tool.text(["user", "enable", "--uid", uidOf(tenant, volume)]);
  }

  /** Gives it another key; what was handed out is worth nothing any more. */
  async rekey(tenant: string, volume: string): Promise<User> {
    const uid = uidOf(tenant, volume);
    const before = await this.#ask(tenant, volume, ["user", "info"]);
    await this.#tool.text(["key", "create", "--uid", uid, "--gen-access-key", "--gen-secret"]);
    for (const accessKey of before.accessKeys) {
      await this.#tool.text(["key", "rm", "--uid", uid, "--access-key", accessKey]);
    }
    return this.#ask(tenant, volume, ["user", "info"]);
  }

  /** Nothing is done where it is gone. */
  async remove(tenant: string, volume: string): Promise<void> {
    try {
      await this.#tool.text(["user", "rm", "--uid", uidOf(tenant, volume)]);
    } catch (error) {
      if (!(error instanceof DsecosError) || error.code !== "NotFound") throw error;
    }
  }

  async #ask(
    tenant: string,
    volume: string,
    command: readonly string[],
    more: readonly string[] = [],
  ): Promise<User> {
    const uid = uidOf(tenant, volume);
    const result = v.safeParse(
      infoSchema,
      await this.#tool.json([...command, "--uid", uid, ...more]),
    );
    if (!result.success) {
      // No cause: what the answer holds is secret.
      const what = `The gateway's answer about the user ${uid} is not as expected; its version may be too old.`;
      throw new DsecosError("Unavailable", what);
    }
    return userOf(uid, result.output);
  }
}

function userOf(uid: string, info: Info): User {
  const { keys, suspended, subusers, caps, system, admin } = info;
  const isPowerful = [system, admin].some((flag) => flag === true || flag === "true");
  if (isPowerful || caps.length > 0 || subusers.length > 0) {
    const what = `The gateway's user ${uid} was given more than its bucket (radosgw-admin user info --uid '${uid}'); take that away.`;
    throw new DsecosError("Conflict", what);
  }
  const own = keys.filter(({ user }) => user === uid);
  const [key] = own;
  if (key === undefined) {
    const what = `The gateway's user ${uid} has no key; make one: radosgw-admin key create --gen-access-key --gen-secret --uid '${uid}'`;
    throw new DsecosError("Conflict", what);
  }
  const credentials = { accessKey: key.access_key, secretKey: key.secret_key };
  const accessKeys = own.map((each) => each.access_key);
  return { credentials, suspended: suspended === true || suspended === 1, accessKeys };
}
