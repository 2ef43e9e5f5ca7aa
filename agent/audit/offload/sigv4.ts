/**
 * AWS Signature Version 4 with signed payload, as
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html describes it. Own
 * code instead of a kept client: a hundred lines against megabytes of SDK that look for
 * credentials on the network and in the environment, which the agent's sandbox shuts.
 */
import { createHash, createHmac } from "node:crypto";

export interface Credentials {
  accessKey: string;
  secretKey: string;
}

export interface Scope {
  /** For example `us-east-1`. */
  region: string;
  /** `s3`. */
  service: string;
}

export interface Unsigned {
  method: string;
  /** Path as it is sent, percent-encoded once; begins with a slash. */
  path: string;
  /** Names and values as they are meant, not encoded. */
  query: readonly (readonly [string, string])[];
  /** All of them are signed; `host` and `x-amz-date` belong among them. Names in lower case. */
  headers: Readonly<Record<string, string>>;
  /** Hexadecimal SHA-256 of the body. */
  payload: string;
}

const algorithm = "AWS4-HMAC-SHA256";

/**
 * @param headers.x-amz-date time of the request, see {@link amzDate}
 * @returns value of the header `Authorization`
 */
export function authorize(request: Unsigned, scope: Scope, credentials: Credentials): string {
  const time = request.headers["x-amz-date"];
  if (time === undefined) throw new TypeError("a request without x-amz-date cannot be signed");
  const day = time.slice(0, 8);
  const within = `${day}/${scope.region}/${scope.service}/aws4_request`;
  const toSign = [algorithm, time, within, sha256(canonicalRequest(request))].join("\n");
  const key = [day, scope.region, scope.service, "aws4_request"].reduce<string | Buffer>(
    hmac,
    `AWS4${credentials.secretKey}`,
  );
  const signature = hmac(key, toSign).toString("hex");
  const signed = names(request).join(";");
  return `${algorithm} Credential=${credentials.accessKey}/${within}, SignedHeaders=${signed}, Signature=${signature}`;
}

export function canonicalRequest(request: Unsigned): string {
  const query = request.query
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([nameA, valueA], [nameB, valueB]) => order(nameA, nameB) || order(valueA, valueB))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
  const headers = names(request).map(
    (name) => `${name}:${(request.headers[name] ?? "").trim().replace(/ +/g, " ")}\n`,
  );
  return [
    request.method,
    request.path,
    query,
    headers.join(""),
    names(request).join(";"),
    request.payload,
  ].join("\n");
}

/** @returns for example `20130524T000000Z` */
export function amzDate(time: Date): string {
  return `${time.toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
}

/** Percent-encodes all but the unreserved characters of RFC 3986. */
export function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function names(request: Unsigned): string[] {
  return Object.keys(request.headers).sort(order);
}

function order(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
