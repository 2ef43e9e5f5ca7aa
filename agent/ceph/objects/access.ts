/** What a tenant's client needs to open a bucket. */
import type { VolumeAccess } from "../volumes/answers.ts";
import type { Credentials } from "./s3.ts";

/** @returns with the key as a credentials file that clients of S3 read */
export function objectAccess(
  user: string,
  bucket: string,
  endpoint: string,
  { accessKey, secretKey }: Credentials,
): VolumeAccess {
  const keyring = `[default]\naws_access_key_id = ${accessKey}\naws_secret_access_key = ${secretKey}\n`;
  const mount = `AWS_SHARED_CREDENTIALS_FILE=KEYFILE aws --endpoint-url ${endpoint} s3 sync DIRECTORY s3://${bucket}`;
  return { kind: "object", user, keyring, mount, fileSystem: "", path: bucket };
}
