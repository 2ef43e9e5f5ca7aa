/** Lays down who may open a bucket and how long it keeps what is in it, and sees that this stays so. */
import { DsecosError } from "../../bus/errors.ts";
import type { Volume } from "../volumes/kinds/types.ts";
import { bucketPolicy, lockConfiguration, lockedDays } from "./policy.ts";
import { type Credentials, codeOf, type S3, S3Error } from "./s3.ts";

export interface LayParts {
  /** Puts on record that what was laid down is not so any more. */
  alarm: (action: string, volume: Volume, sentence: string) => Promise<void>;
}

/**
 * @param isNew nobody can have changed it yet
 * @throws Conflict where it is not so and cannot be made so; Unavailable where nobody answers
 */
export async function layDown(
  { alarm }: LayParts,
  s3: S3,
  credentials: Credentials,
  volume: Volume,
  isNew: boolean,
): Promise<void> {
  const { tenant, name, record } = volume;
  const wanted = bucketPolicy(tenant, name, record.worm);
  const days = record.worm ? (record.retention ?? 0) : 0;
  const ask = (method: "GET" | "PUT", what: string, body?: string) => {
    const request = { method, bucket: name, query: [[what, ""]] as const };
    return s3.ask(credentials, { ...request, ...(body === undefined ? {} : { body }) });
  };
  const policy = await ask("GET", "policy");
  requireKnown(policy, ["NoSuchBucketPolicy"]);
  const isShut = policy.status === 200 && policy.text === wanted;
  let kept = 0;
  if (record.worm) {
    const lock = await ask("GET", "object-lock");
    requireKnown(lock, ["ObjectLockConfigurationNotFoundError"]);
    kept = lockedDays(lock.text);
  }
  if (isShut && kept >= days) return;
  if (!isNew) {
    const what =
      kept < days
        ? `New objects in ${name} of ${tenant} are kept ${kept} days and not ${days}, which somebody with more than the tenant's key changed; what was there before is kept as it was.`
        : `The bucket policy of ${name} of ${tenant}, which keeps others out, was changed by somebody with more than the tenant's key; it is laid down again.`;
    await alarm(kept < days ? "ceph.WormChanged" : "ceph.BucketOpened", volume, what);
  }
  const changes = [
    ...(kept < days ? [() => ask("PUT", "object-lock", lockConfiguration(days))] : []),
    ...(isShut ? [] : [() => ask("PUT", "policy", wanted)]),
  ];
  for (const change of changes) {
    const reply = await change();
    if (reply.status >= 200 && reply.status < 300) continue;
    const remedy = `have the gateway's administrator take its policy away (s3cmd delpolicy s3://${name}), and the agent lays all down again`;
    const what = `The bucket ${name} of ${tenant} is not locked and shut as it must be, and the gateway refuses to change that (${codeOf(reply) || reply.status}); ${remedy}.`;
    throw new DsecosError("Conflict", what);
  }
}

function requireKnown(reply: { status: number; text: string }, absent: readonly string[]): void {
  const code = codeOf(reply);
  if (reply.status === 200 || absent.includes(code)) return;
  throw new S3Error(reply.status, code);
}
