/** Takes out of a WORM bucket what S3 lets go, which is nothing that is still held. */
import { DsecosError } from "../../../bus/errors.ts";
import type { Volume } from "../../volumes/kinds/types.ts";
import { type Credentials, codeOf, type S3 } from "../s3.ts";
import { holdOf, versionsOf } from "./versions.ts";

/** For one go; the next round goes on. */
const budgetMs = 40_000;

/**
 * @returns whether nothing is left
 * @throws Conflict where something is still held, with until when
 */
export async function emptyLocked(
  s3: S3,
  credentials: Credentials,
  { tenant, name: bucket }: Pick<Volume, "tenant" | "name">,
): Promise<boolean> {
  const end = performance.now() + budgetMs;
  for await (const version of versionsOf(s3, credentials, bucket)) {
    if (performance.now() > end) return false;
    const query = [["versionId", version.id]] as const;
    const request = { method: "DELETE", bucket, key: version.key, query } as const;
    const reply = await s3.ask(credentials, request);
    if (reply.status < 300 || reply.status === 404) continue;
    const hold = await holdOf(s3, credentials, bucket, version);
    const until =
      hold === undefined || hold.until === 0
        ? `the gateway says ${codeOf(reply) || reply.status}`
        : `until ${new Date(hold.until).toISOString().slice(0, 10)}`;
    const what = `Something in ${bucket} of ${tenant} is still held (${until}), so the volume stays until then.`;
    throw new DsecosError("Conflict", what);
  }
  return true;
}
