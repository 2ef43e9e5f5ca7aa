/** Whether a WORM bucket may be declared to be deleted. */
import { DsecosError } from "../../../bus/errors.ts";
import type { Volume } from "../../volumes/kinds/types.ts";
import type { Credentials, S3 } from "../s3.ts";
import { scanBucket } from "./scan.ts";

/**
 * What was not looked at is refused by S3 itself when its turn to be removed has come.
 * @throws Conflict while something in it is held, with until when
 */
export async function requireNothingHeld(
  s3: S3,
  credentials: Credentials,
  { tenant, name, record }: Volume,
  now: number,
): Promise<void> {
  const what = { bucket: name, days: record.retention ?? 0, now };
  const { last, legal, days, complete } = await scanBucket(s3, credentials, what);
  if (legal.objects > 0) {
    const sentence = `${legal.objects} objects in ${name} of ${tenant} have a legal hold; have it taken away first.`;
    throw new DsecosError("Conflict", sentence);
  }
  if (last === 0) return;
  const count = [...days.values()].reduce((sum, { objects }) => sum + objects, 0);
  const least = complete ? "" : "at least ";
  const sentence = `${name} of ${tenant} holds ${least}${count} objects, the last until ${least}${new Date(last).toISOString().slice(0, 10)}; it can be deleted after that.`;
  throw new DsecosError("Conflict", sentence);
}
