/** What is laid down for a volume's bucket, in the words of S3. */
import { gatewayTenant } from "./names.ts";

/**
 * What only the agent changes: who may open the bucket, and how long what is in it is kept. Even the
 * volume's own key is denied it, which the gateway heeds for a bucket's owner too.
 */
const laidDown = [
  "PutBucketPolicy",
  "DeleteBucketPolicy",
  "PutBucketAcl",
  "PutBucketObjectLockConfiguration",
  "DeleteBucket",
];
/** Of a WORM bucket: what would end or hide what it keeps. */
const laidDownWorm = [
  "PutBucketVersioning",
  "PutLifecycleConfiguration",
  "BypassGovernanceRetention",
];

/**
 * Refuses everybody but the volume's own user, whatever an access control list says, since that denies
 * nothing and anyone who writes an object can open it to all with one.
 */
export function bucketPolicy(tenant: string, volume: string, worm: boolean): string {
  const Resource = [`arn:aws:s3:::${volume}`, `arn:aws:s3:::${volume}/*`];
  const owner = `arn:aws:iam::${gatewayTenant(tenant)}:user/${volume}`;
  const denied = [...laidDown, ...(worm ? laidDownWorm : [])].map((name) => `s3:${name}`);
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      { Effect: "Deny", NotPrincipal: { AWS: [owner] }, Action: "s3:*", Resource },
      { Effect: "Deny", Principal: "*", Action: denied, Resource },
    ],
  });
}

/** In compliance mode nobody shortens what an object was given, not even the gateway's administrator. */
export function lockConfiguration(days: number): string {
  const rule = `<Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Days>${days}</Days></DefaultRetention></Rule>`;
  return `<ObjectLockConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><ObjectLockEnabled>Enabled</ObjectLockEnabled>${rule}</ObjectLockConfiguration>`;
}

/** @returns the days that objects are kept in compliance mode unless told longer; 0 for not */
export function lockedDays(text: string): number {
  if (!/<Mode>COMPLIANCE<\/Mode>/.test(text)) return 0;
  const [, unit, number] = /<(Days|Years)>([0-9]{1,6})<\/\1>/.exec(text) ?? [];
  return Number(number ?? 0) * (unit === "Years" ? 365 : 1);
}

/** @param zoneGroup as S3 calls it @param target where its data is placed */
export function bucketConfiguration(zoneGroup: string, target: string): string {
  return `<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>${zoneGroup}:${target}</LocationConstraint></CreateBucketConfiguration>`;
}
