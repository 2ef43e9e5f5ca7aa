/** Buckets as the gateway counts them: a few are asked for one by one, many all at once. */
import * as v from "valibot";
import { DsecosError } from "../../bus/errors.ts";
import type { GatewayTool } from "../link/tool.ts";
import { bucketOf } from "./names.ts";

const statsSchema = v.object({
  bucket: v.string(),
  tenant: v.optional(v.string(), ""),
  id: v.string(),
  owner: v.string(),
  placement_rule: v.string(),
  usage: v.optional(
    v.record(v.string(), v.object({ size: v.optional(v.number(), 0), num_objects: v.number() })),
    {},
  ),
  bucket_quota: v.object({ enabled: v.boolean(), max_size: v.number() }),
});
const allSchema = v.array(v.union([statsSchema, v.unknown()]));

export interface Bucket {
  /** Changes where a bucket is removed and made anew. */
  id: string;
  owner: string;
  /** Placement target. */
  target: string;
  /** Bytes; -1 where there is none. */
  quota: number;
  /** Bytes and number of all versions and of unfinished uploads' parts. */
  used: number;
  objects: number;
}

/** So many are asked for alone, at a tenth of a second each. */
const mostAlone = 3;
/** All of them: some hundreds in a second. */
const allSeconds = 50;

export class Buckets {
  readonly #tool: GatewayTool;
  #alone = 0;
  #all: Promise<Map<string, Bucket>> | undefined;

  constructor(tool: GatewayTool) {
    this.#tool = tool;
  }

  forget(): void {
    this.#alone = 0;
    this.#all = undefined;
  }

  /** @returns undefined where there is none */
  async find(tenant: string, volume: string): Promise<Bucket | undefined> {
    if (this.#all === undefined && this.#alone < mostAlone) {
      this.#alone += 1;
      return this.look(tenant, volume);
    }
    this.#all ??= this.#read();
    return (await this.#all).get(bucketOf(tenant, volume));
  }

  /** As it is just now. */
  async look(tenant: string, volume: string): Promise<Bucket | undefined> {
    const name = bucketOf(tenant, volume);
    let answer: unknown;
    try {
      answer = await this.#tool.json(["bucket", "stats", "--bucket", name]);
    } catch (error) {
      if (error instanceof DsecosError && error.code === "NotFound") return undefined;
      throw error;
    }
    const result = v.safeParse(statsSchema, answer);
    if (result.success) return bucketFrom(result.output);
    const what = `The gateway's answer about the bucket ${name} is not as expected; its version may be too old.`;
    throw new DsecosError("Unavailable", what, { cause: new Error(result.issues[0].message) });
  }

  async setQuota(tenant: string, volume: string, bytes: number): Promise<void> {
    const which = ["--quota-scope", "bucket", "--bucket", bucketOf(tenant, volume)];
    await this.#tool.text(["quota", "set", ...which, "--max-size", String(bytes)]);
    await this.#tool.text(["quota", "enable", ...which]);
  }

  /**
   * Removes a bucket with all that is in it, whatever its lock says: who calls knows that nothing is
   * held any more. What is cut off is gone on with when it is asked again.
   * @throws Timeout
   */
  async purge(tenant: string, volume: string, seconds: number): Promise<void> {
    const args = ["bucket", "rm", "--bucket", bucketOf(tenant, volume), "--purge-objects"];
    await this.#tool.text(args, seconds);
  }

  /** By `<tenant>/<name>` as the gateway has it. */
  all(): Promise<ReadonlyMap<string, Bucket>> {
    this.#all ??= this.#read();
    return this.#all;
  }

  async #read(): Promise<Map<string, Bucket>> {
    const answer = await this.#tool.json(["bucket", "stats"], allSeconds);
    const found = new Map<string, Bucket>();
    for (const each of v.parse(allSchema, answer)) {
      const result = v.safeParse(statsSchema, each);
      if (!result.success) continue; // Being removed just now; asked for alone it says why.
      const { tenant, bucket } = result.output;
      found.set(`${tenant}/${bucket}`, bucketFrom(result.output));
    }
    return found;
  }
}

function bucketFrom(stats: v.InferOutput<typeof statsSchema>): Bucket {
  const { id, owner, placement_rule, bucket_quota, usage } = stats;
  const parts = Object.values(usage);
  return {
    ...{ id, owner, target: placement_rule },
    quota: bucket_quota.enabled ? bucket_quota.max_size : -1,
    used: parts.reduce((sum, { size }) => sum + size, 0),
    objects: parts.reduce((sum, { num_objects }) => sum + num_objects, 0),
  };
}
