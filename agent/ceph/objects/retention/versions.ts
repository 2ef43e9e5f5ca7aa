/** Every version of every object of a bucket, a page at a time, and how long each is held. */
import { type Credentials, codeOf, type S3, S3Error } from "../s3.ts";

export interface Version {
  key: string;
  id: string;
  bytes: number;
  /** Milliseconds since 1970. */
  at: number;
  /** Says that the object was deleted; what it hides is a version of its own. */
  isMarker: boolean;
}

export interface Hold {
  /** Milliseconds since 1970 until which nobody can delete it; 0 for not held. */
  until: number;
  /** Whether a holder of the key could end that (governance mode). */
  canBeEnded: boolean;
  /** Held without an end, until somebody takes that away. */
  legal: boolean;
}

/** A page with keys of the greatest length is within what an answer may have. */
const pageLength = 100;

/** @throws S3Error, DsecosError Unavailable */
export async function* versionsOf(
  s3: S3,
  credentials: Credentials,
  bucket: string,
): AsyncGenerator<Version> {
  let marker: [string, string][] = [];
  for (;;) {
    const query: [string, string][] = [
      ["versions", ""],
      ["max-keys", String(pageLength)],
    ];
    query.push(...marker);
    const { text } = await s3.demand(credentials, { method: "GET", bucket, query });
    for (const [, kind, entry = ""] of text.matchAll(/<(Version|DeleteMarker)>(.*?)<\/\1>/gs)) {
      yield {
        key: textOf(entry, "Key"),
        id: textOf(entry, "VersionId"),
        bytes: Number(textOf(entry, "Size") || 0),
        at: Date.parse(textOf(entry, "LastModified")),
        isMarker: kind === "DeleteMarker",
      };
    }
    if (textOf(text, "IsTruncated") !== "true") return;
    marker = [
      ["key-marker", textOf(text, "NextKeyMarker")],
      ["version-id-marker", textOf(text, "NextVersionIdMarker")],
    ];
  }
}

/** @returns undefined where the version is gone. @throws S3Error, DsecosError Unavailable */
export async function holdOf(
  s3: S3,
  credentials: Credentials,
  bucket: string,
  { key, id }: Version,
): Promise<Hold | undefined> {
  const request = { method: "HEAD", bucket, key, query: [["versionId", id]] } as const;
  const reply = await s3.ask(credentials, request);
  const { status, headers } = reply;
  if (status === 404) return undefined;
  if (status !== 200) throw new S3Error(status, codeOf(reply));
  const until = Date.parse(String(headers["x-amz-object-lock-retain-until-date"] ?? ""));
  return {
    until: Number.isNaN(until) ? 0 : until,
    canBeEnded: headers["x-amz-object-lock-mode"] === "GOVERNANCE",
    legal: headers["x-amz-object-lock-legal-hold"] === "ON",
  };
}

const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function textOf(xml: string, name: string): string {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? "";
  return found.replace(/&(?:#x([0-9a-f]+)|#([0-9]+)|([a-z]+));/gi, (all, hex, decimal, word) => {
    if (word !== undefined) return entities[word] ?? all;
    return String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16));
  });
}
