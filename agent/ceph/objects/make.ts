/** Makes the bucket of a volume, and sees whether the one that is there is that. */
import { setTimeout as delay } from "node:timers/promises";
import { DsecosError } from "../../bus/errors.ts";
import type { Volume } from "../volumes/kinds/types.ts";
import type { Bucket } from "./buckets.ts";
import { bucketOf, uidOf } from "./names.ts";
import type { ObjectPlace } from "./placement.ts";
import { bucketConfiguration } from "./policy.ts";
import { type Credentials, codeOf, type S3, S3Error } from "./s3.ts";
import type { ZoneGroup } from "./zone.ts";

/** Gateways take a new placement target up within seconds. */
const placementMs = 20_000;
const pauseMs = 500;

/** @throws S3Error, DsecosError Conflict where the gateway does not know the target in time */
export async function makeBucket(
  s3: S3,
  credentials: Credentials,
  { name, record }: Volume,
  { target }: ObjectPlace,
  group: ZoneGroup,
): Promise<void> {
  const request = {
    ...({ method: "PUT", bucket: name } as const),
    headers: record.worm ? { "x-amz-bucket-object-lock-enabled": "true" } : {},
    body: bucketConfiguration(group.api_name || group.name, target),
  };
  for (const end = performance.now() + placementMs; ; await delay(pauseMs)) {
    const reply = await s3.ask(credentials, request);
    if (reply.status === 200) return;
    const code = codeOf(reply);
    // The gateway begins anew behind a change of its zone.
    const isEarly = /InvalidLocationConstraint|ServiceUnavailable/.test(code);
    if (!isEarly) throw new S3Error(reply.status, code);
    if (performance.now() < end) continue;
    const what = `The gateway does not know the placement target ${target} yet; start it anew, and the bucket is made.`;
    throw new DsecosError("Conflict", what);
  }
}

/** @throws Conflict where the bucket is not the volume's, or lies elsewhere */
export function requireOwn({ tenant, name }: Volume, bucket: Bucket, place: ObjectPlace): void {
  if (bucket.owner === uidOf(tenant, name) && bucket.target === place.target) return;
  const what = `The bucket ${bucketOf(tenant, name)} belongs to ${bucket.owner} and lies in ${bucket.target}, not in ${place.target}, so no key is given to it; move its content and remove it.`;
  throw new DsecosError("Conflict", what);
}

/**
 * What of a bucket that was made is gone; empty where nothing is.
 * @param bucket as the gateway has it; undefined where it has none
 */
export function lossOf(
  { tenant, name, record: { stored } }: Volume,
  bucket: Bucket | undefined,
  place: ObjectPlace,
): string {
  if (stored === undefined) return "";
  const remedy = "delete the volume, or have its content restored";
  if (bucket === undefined) {
    return `The bucket of ${name} of ${tenant} is gone with all that was in it: somebody removed it past the agent; see the cluster's audit log (ceph log last 1000 info audit), and ${remedy}.`;
  }
  const isOther = (what: string) =>
    `${what} of ${name} of ${tenant} was removed and made anew by somebody, so what was in it is gone; ${remedy}.`;
  if (stored.bucket !== bucket.id) return isOther("The bucket");
  return stored.pool === place.poolId ? "" : isOther(`The pool ${place.pool} with the bucket`);
}
