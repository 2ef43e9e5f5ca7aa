/**
 * One authority: its record, which lies in the token beside its key, and what is made of it to issue
 * certificates. The record has the certificate, so that an authority is not lost with a directory.
 */
import { X509Certificate } from "node:crypto";
import { join } from "node:path";
import * as v from "valibot";
import { DsecosError } from "../../bus/errors.ts";
import type { KeyVersion } from "../keys/record.ts";
import type { FoundKey, Revised, Token } from "../parts.ts";
import { hostSchema, keyPlace, nodeOwner } from "./answers.ts";
import { CertificateDirectory } from "./directory.ts";
import type { PkiParts } from "./parts.ts";
import type { Holder } from "./profiles.ts";
import type { SigningKey } from "./signing.ts";
import { type AuthorityAlgorithm, keyIdentifier, mldsaSpki } from "./x509/algorithms.ts";
import { authorityAccess, authorityKey, listPoint } from "./x509/extensions.ts";
import { encodeName, type NameParts } from "./x509/names.ts";

const keyUseSchema = v.object({ name: v.string(), version: v.number() });

const generationEntries = {
  key: keyUseSchema,
  /** DER in base64: of itself, and of the root that signed it where it did not itself. */
  certificate: v.string(),
  root: v.optional(v.string()),
  /** Addresses that its certificates name. */
  urls: v.optional(
    v.object({
      list: v.optional(v.string()),
      issuer: v.optional(v.string()),
      status: v.optional(v.string()),
    }),
    {},
  ),
  /** The second authority, which signs with ML-DSA-65; its certificate is too large for a token. */
  parallel: v.optional(
    v.object({ key: keyUseSchema, fingerprint: v.string(), root: v.optional(v.string()) }),
  ),
};

export const authorityRecordSchema = v.object({
  revision: v.number(),
  createdAt: v.string(),
  createdBy: v.string(),
  approvers: v.array(v.string()),
  hosts: v.array(hostSchema),
  ...generationEntries,
  /** What it was with its keys of before, newest first, for as long as something of theirs holds. */
  former: v.optional(v.array(v.object(generationEntries)), []),
  /** DER in base64: certificates of the new key by the old one, and of the old by the new. */
  crosses: v.optional(v.array(v.string()), []),
});
export type AuthorityRecord = v.InferOutput<typeof authorityRecordSchema>;

export type Urls = AuthorityRecord["urls"];

/** What signs: the name and key that certificates name as their issuer, each as DER. */
export interface Issuer {
  readonly key: SigningKey;
  readonly algorithm: AuthorityAlgorithm;
  readonly subject: NameParts;
  readonly name: Buffer;
  readonly spki: Buffer;
  readonly identifier: Buffer;
  /** Extension for what it signs. */
  readonly authorityKey: Buffer;
  /** Extensions of certificates by it: where its lists and its own certificate are. */
  readonly pointers: readonly Buffer[];
}

export interface Authority {
  readonly owner: string;
  readonly token: Token;
  readonly record: AuthorityRecord;
  readonly certificate: X509Certificate;
  readonly main: Issuer;
  readonly parallel: Issuer | undefined;
  readonly directory: CertificateDirectory;
  readonly holder: Holder;
  /** What it was with keys of before; each has none itself. */
  readonly former: readonly Authority[];
}

/** The authority with each key that it has and had, the present one first. */
export function generationsOf(authority: Authority): readonly Authority[] {
  return [authority, ...authority.former];
}

export function ownerOf(token: Token): string {
  return token.tenant === "" ? nodeOwner : token.tenant;
}

/** Subject of a new authority. */
export function authoritySubject(owner: string, node: string): NameParts {
  return owner === nodeOwner
    ? [
        ["organization", "DsecOS"],
        ["commonName", `Root authority of ${node}`],
      ]
    : [
        ["organization", owner],
        ["commonName", `Authority of ${owner}`],
      ];
}

/** The second authority says so in its name, since it has another key. */
export function parallelSubject(subject: NameParts): NameParts {
  return subject.map(([attribute, text]) =>
    attribute === "commonName" ? [attribute, `${text} ML-DSA-65`] : [attribute, text],
  );
}

/** As the certificate has it: the node may have another name by now. */
function subjectIn(certificate: X509Certificate): NameParts {
  const value = (short: string) =>
    certificate.subject
      .split("\n")
      .find((line) => line.startsWith(short))
      ?.slice(short.length) ?? "";
  return [
    ["organization", value("O=")],
    ["commonName", value("CN=")],
  ];
}

export function issuerOf(found: FoundKey, version: number, subject: NameParts, urls: Urls): Issuer {
  const algorithm: AuthorityAlgorithm =
    found.record.algorithm === "ML-DSA-65" ? "ML-DSA-65" : "P-384";
  const own = found.record.versions.find((each) => each.version === version);
  if (own === undefined) {
    const what = `The token has no version ${version} of the authority's key ${found.record.name}; restore the token from its backup.`;
    throw new DsecosError("Unavailable", what);
  }
  const spki = spkiOf(own);
  const identifier = keyIdentifier(spki);
  return {
    key: { found, version: own, algorithm },
    ...{ algorithm, subject, name: encodeName(subject), spki, identifier },
    authorityKey: authorityKey(identifier),
    pointers: pointersOf(urls, algorithm, identifier),
  };
}

/** OCSP is answered for the first key alone: the second one's certificates do not name an address. */
function pointersOf({ list, issuer, status }: Urls, algorithm: AuthorityAlgorithm, key: Buffer) {
  const place = (address: string) => address.replaceAll(keyPlace, shortKey(key));
  const answered = algorithm === "P-384" ? status : undefined;
  return [
    ...(list ? [listPoint(place(list))] : []),
    ...(issuer || answered
      ? [authorityAccess(issuer && place(issuer), answered && place(answered))]
      : []),
  ];
}

/** Names a key in addresses and directories. */
export function shortKey(identifier: Buffer): string {
  return identifier.toString("hex").slice(0, 16);
}

function spkiOf({ spki, sealed }: KeyVersion): Buffer {
  if (spki !== undefined) return Buffer.from(spki, "base64");
  return mldsaSpki(Buffer.from(sealed?.publicKey ?? "", "base64"));
}

/** Directory of what an authority issued: one for each key, so that a new authority begins anew. */
export function directoryOf(parts: PkiParts, owner: string, { identifier }: Issuer) {
  const path = join(parts.directory, owner, shortKey(identifier));
  return new CertificateDirectory(path, owner === nodeOwner ? "authority" : "agency");
}

export function parseRecord(value: Revised | undefined): AuthorityRecord | undefined {
  const result = v.safeParse(authorityRecordSchema, value);
  return result.success ? result.output : undefined;
}

/** @returns the authority with what it was before; directories are as they are known, or not read yet */
export async function openAuthority(
  parts: PkiParts,
  token: Token,
  record: AuthorityRecord,
  directories: Map<string, CertificateDirectory>,
): Promise<Authority> {
  const former: Authority[] = [];
  for (const generation of record.former) {
    former.push(await openGeneration(parts, token, { ...record, ...generation }, directories));
  }
  return { ...(await openGeneration(parts, token, record, directories)), former };
}

async function openGeneration(
  parts: PkiParts,
  token: Token,
  record: AuthorityRecord,
  directories: Map<string, CertificateDirectory>,
): Promise<Authority> {
  const owner = ownerOf(token);
  const certificate = new X509Certificate(Buffer.from(record.certificate, "base64"));
  const subject = subjectIn(certificate);
  const keyOf = async ({ name, version }: { name: string; version: number }, of: NameParts) => {
    const found = await parts.keys.look(token.tenant, name);
    if (found !== undefined) return issuerOf(found, version, of, record.urls);
    const what = `The token ${token.id} has an authority and lacks its key ${name}; restore the token from its backup.`;
    throw new DsecosError("Unavailable", what);
  };
  const main = await keyOf(record.key, subject);
  const second = record.parallel;
  const fresh = directoryOf(parts, owner, main);
  const directory = directories.get(fresh.path) ?? fresh;
  directories.set(directory.path, directory);
  return {
    ...{ owner, token, record, main, certificate },
    parallel: second === undefined ? undefined : await keyOf(second.key, parallelSubject(subject)),
    ...{ directory, former: [] },
    holder: { tenant: owner, region: parts.region, domains: record.hosts },
  };
}
