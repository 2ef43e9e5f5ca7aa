/**
 * Requests to Ceph's S3 gateway: path-style, signed (Signature Version 4), bounded in time and answer.
 * What S3 calls what is in https://docs.aws.amazon.com/AmazonS3/latest/API/, and which of it a gateway
 * has in https://docs.ceph.com/en/reef/radosgw/s3/.
 */
import { createHash } from "node:crypto";
import { amzDate, authorize, type Credentials, encode } from "../../audit/offload/sigv4.ts";
import { Remote, type RemoteReply, type RemoteRequest, Unreachable } from "../../audit/remote.ts";
import { DsecosError } from "../../bus/errors.ts";

export type { Credentials };

/** Ceph's gateway takes any. */
const region = "us-east-1";
const timeoutMs = 10_000;

export interface S3Request {
  method: RemoteRequest["method"];
  /** Empty for the service itself. A tenant's bucket is `<tenant>:<name>` for another tenant's key. */
  bucket: string;
  /** Of an object; the bucket itself without one. */
  key?: string;
  /** Names and values, not encoded. */
  query?: readonly (readonly [string, string])[];
  /** Names in lower case. */
  headers?: Readonly<Record<string, string>>;
  body?: string;
}

/** A refusal of the gateway. */
export class S3Error extends Error {
  override name = "S3Error";
  readonly status: number;
  /** S3's, such as AccessDenied; empty where it gave none. */
  readonly code: string;

  constructor(status: number, code: string) {
    super(`the gateway answered ${code || "with status"} ${status}`);
    this.status = status;
    this.code = code;
  }
}

export class S3 {
  readonly #remote: Remote;
  readonly #host: string;
  readonly #now: () => number;

  /** @param endpoint such as http://127.0.0.1:7480 @param caFile PEM, for https of an own authority */
  constructor(
    endpoint: string,
    { caFile, now = Date.now }: { caFile?: string; now?: () => number } = {},
  ) {
    this.#remote = new Remote(endpoint, caFile);
    this.#host = new URL(endpoint).host;
    this.#now = now;
  }

  close(): void {
    this.#remote.close();
  }

  /**
   * @returns what it answered, whichever status that has
   * @throws DsecosError Unavailable where it does not answer
   */
  async ask(credentials: Credentials, request: S3Request): Promise<RemoteReply> {
    const { method, bucket, key, query = [], body } = request;
    const parts = [bucket, ...(key === undefined ? [] : key.split("/"))];
    const path = `/${parts.map(encode).join("/")}`;
    const payload = createHash("sha256")
      .update(body ?? "")
      .digest("hex");
    const headers = {
      ...request.headers,
      host: this.#host,
      "x-amz-content-sha256": payload,
      "x-amz-date": amzDate(new Date(this.#now())),
    };
    const scope = { region, service: "s3" };
    const authorization = authorize({ method, path, query, headers, payload }, scope, credentials);
    const asked = query.map(([name, value]) => `${encode(name)}=${encode(value)}`).join("&");
    try {
      return await this.#remote.send({
        ...{ method, path: asked === "" ? path : `${path}?${asked}`, timeoutMs },
        headers: { ...headers, authorization },
        ...(body === undefined ? {} : { body }),
      });
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      const what = `The gateway at ${error.message} Start it, or put cephGateway right.`;
      throw new DsecosError("Unavailable", what, { cause: error });
    }
  }

  /** @throws S3Error unless it did what it was asked, DsecosError where it does not answer */
  async demand(credentials: Credentials, request: S3Request): Promise<RemoteReply> {
    const reply = await this.ask(credentials, request);
    if (reply.status >= 200 && reply.status < 300) return reply;
    throw new S3Error(reply.status, codeOf(reply));
  }
}

/** S3's name of a refusal; empty where there is none. */
export function codeOf({ text }: Pick<RemoteReply, "text">): string {
  return /<Code>([A-Za-z]{1,60})<\/Code>/.exec(text)?.[1] ?? "";
}
