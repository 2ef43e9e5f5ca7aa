/**
 * Copies into an S3 bucket with object lock in compliance mode: until the time is over the store
 * deletes or changes a copy for nobody. Requests are path-style and signed (sigv4.ts).
 */
import { readFile, stat } from "node:fs/promises";
import { backOff, Remote, type RemoteReply, Unreachable } from "../remote.ts";
import type { Content } from "./content.ts";
import { amzDate, authorize, type Credentials, encode } from "./sigv4.ts";
import { Differs, OffloadError, type S3Config, type Target } from "./types.ts";

const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const dayMs = 24 * 60 * 60_000;
const transferMs = 10 * 60_000;
/** A store may take its time until it shows what it has, and be busy for a moment. */
const attempts = 3;

export interface S3Options {
  now?: () => number;
  wait: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

export class S3Target implements Target {
  readonly name: string;
  readonly remark = "";
  readonly days: number;
  readonly #config: S3Config;
  readonly #remote: Remote;
  readonly #host: string;
  readonly #now: () => number;
  readonly #wait: S3Options["wait"];

  constructor(config: S3Config, { now = Date.now, wait }: S3Options) {
    this.#config = config;
    this.days = config.retentionDays;
    this.name = `bucket ${config.bucket} at ${config.endpoint}`;
    this.#remote = new Remote(config.endpoint, config.caFile);
    this.#host = new URL(config.endpoint).host;
    this.#now = now;
    this.#wait = wait;
  }

  close(): void {
    this.#remote.close();
  }

  /** Whether the bucket locks shows each time something is stored. */
  async check(): Promise<string> {
    await this.#credentials();
    return "";
  }

  async store(key: string, content: Content, signal: AbortSignal): Promise<"stored" | "there"> {
    const before = await this.#again(() => this.#head(key, signal), signal);
    if (before.status === 200) {
      this.#compare(key, content, before);
      return "there";
    }
    if (before.status !== 404) throw this.#refusal(before);
    const put = await this.#again(() => this.#put(key, content, signal), signal);
    // 412: somebody stored it in between.
    if (put.status !== 200 && put.status !== 412) throw this.#refusal(put);
    const after = await this.#again(() => this.#head(key, signal), signal);
    if (after.status !== 200) throw this.#refusal(after);
    this.#compare(key, content, after);
    return "stored";
  }

  #put(key: string, content: Content, signal: AbortSignal): Promise<RemoteReply> {
    const until = new Date(this.#now() + this.#config.retentionDays * dayMs);
    const md5 = content.md5 === undefined ? {} : { "content-md5": base64(content.md5) };
    const headers = {
      "content-type": "application/octet-stream",
      ...md5,
      "if-none-match": "*",
      "x-amz-checksum-sha256": base64(content.sha256),
      "x-amz-meta-sha256": content.sha256,
      "x-amz-object-lock-mode": "COMPLIANCE",
      "x-amz-object-lock-retain-until-date": until.toISOString(),
    };
    return this.#send("PUT", key, headers, signal, content);
  }

  #head(key: string, signal: AbortSignal): Promise<RemoteReply> {
    return this.#send("HEAD", key, { "x-amz-checksum-mode": "ENABLED" }, signal);
  }

  async #send(
    method: "HEAD" | "PUT",
    key: string,
    more: Record<string, string>,
    signal: AbortSignal,
    content?: Content,
  ): Promise<RemoteReply> {
    const { bucket, region } = this.#config;
    const path = `/${[bucket, ...key.split("/")].map(encode).join("/")}`;
    const payload = content?.sha256 ?? emptyHash;
    const headers = {
      ...more,
      host: this.#host,
      "x-amz-content-sha256": payload,
      "x-amz-date": amzDate(new Date(this.#now())),
    };
    const scope = { region, service: "s3" };
    const request = { method, path, query: [], headers, payload };
    const authorization = authorize(request, scope, await this.#credentials());
    const body = content === undefined ? {} : { body: content.stream() };
    const length = content === undefined ? {} : { "content-length": String(content.bytes) };
    return await this.#remote.send({
      method,
      path,
      headers: { ...headers, ...length, authorization },
      ...body,
      signal,
      timeoutMs: transferMs,
    });
  }

  /** Tries again what the store was too busy for, or what the network broke off. */
  async #again(ask: () => Promise<RemoteReply>, signal: AbortSignal): Promise<RemoteReply> {
    for (let attempt = 1; ; attempt++) {
      try {
        const reply = await ask();
        if (attempt === attempts || !(reply.status === 429 || reply.status >= 500)) return reply;
      } catch (error) {
        if (!(error instanceof Unreachable) || signal.aborted) throw error;
        if (attempt === attempts) throw new OffloadError(error.message, { cause: error });
      }
      await this.#wait(backOff(attempt - 1, transferMs), signal);
    }
  }

  /** @throws Differs, OffloadError unless it is the content, and held as long as it should be. */
  #compare(key: string, content: Content, { headers }: RemoteReply): void {
    const differs = [
      [headers["content-length"], String(content.bytes)],
      [headers["x-amz-meta-sha256"], content.sha256],
      [headers["x-amz-checksum-sha256"] ?? base64(content.sha256), base64(content.sha256)],
      content.md5 === undefined ? [] : [etagMd5(headers) ?? content.md5, content.md5],
    ].some(([is, should]) => is !== should);
    if (differs) {
      throw new Differs(`${key} in ${this.name} is not what the log has under that name.`);
    }
    const mode = headers["x-amz-object-lock-mode"];
    const until = Date.parse(String(headers["x-amz-object-lock-retain-until-date"]));
    if (mode !== "COMPLIANCE" || Number.isNaN(until)) {
      throw new OffloadError(
        `${key} is in ${this.name} and not locked; make a bucket with object lock, and let the key read retention (s3:GetObjectRetention).`,
      );
    }
  }

  #refusal({ status, text }: RemoteReply): OffloadError {
    const code = /<Code>([A-Za-z]{1,60})<\/Code>/.exec(text)?.[1] ?? "";
    const known: Record<string, string> = {
      NoSuchBucket: "there is no such bucket; make it with object lock",
      InvalidRequest: "it takes no lock; make the bucket with object lock",
      InvalidBucketState: "it takes no lock; make the bucket with object lock",
      SignatureDoesNotMatch: "the secret key is wrong",
      InvalidAccessKeyId: "it does not know the access key",
      RequestTimeTooSkewed: "the clocks differ; set this node's",
      AccessDenied: "the key may not store and lock here (s3:PutObject, s3:PutObjectRetention)",
    };
    const denied =
      "access is denied; look at the key, what it may do (s3:ListBucket too), and the clocks";
    const said = known[code] ?? (status === 403 ? denied : "look at its log");
    return new OffloadError(`${this.name} answered ${code || "with status"} ${status}: ${said}.`);
  }

  async #credentials(): Promise<Credentials> {
    const { accessKeyFile, secretKeyFile } = this.#config;
    return { accessKey: await readKey(accessKeyFile), secretKey: await readKey(secretKeyFile) };
  }
}

/** @throws OffloadError that names the file and nothing of what is in it */
async function readKey(file: string): Promise<string> {
  let text: string;
  try {
    const { mode } = await stat(file);
    if ((mode & 0o077) !== 0) {
      throw new OffloadError(`${file} can be read by others than its owner; run chmod 600 on it.`);
    }
    text = (await readFile(file, "utf8")).trim();
  } catch (error) {
    if (error instanceof OffloadError) throw error;
    throw new OffloadError(`${file} cannot be read; put the key of the store there.`, {
      cause: error,
    });
  }
  if (/^[\x21-\x7e]+$/.test(text)) return text;
  throw new OffloadError(`${file} does not hold one line with a key.`);
}

/** @returns the MD5 that the store computed; undefined where its tag is something else. */
function etagMd5(headers: RemoteReply["headers"]): string | undefined {
  const encryption = headers["x-amz-server-side-encryption"];
  if (encryption !== undefined && encryption !== "AES256") return undefined;
  if (headers["x-amz-server-side-encryption-customer-algorithm"] !== undefined) return undefined;
  return /^"([0-9a-f]{32})"$/.exec(headers.etag ?? "")?.[1];
}

function base64(hex: string): string {
  return Buffer.from(hex, "hex").toString("base64");
}
