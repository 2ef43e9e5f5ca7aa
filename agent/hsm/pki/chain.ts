/** Certificates of an authority and of those above it. */
import { hash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DsecosError } from "../../bus/errors.ts";
import type { Authority, AuthorityRecord } from "./authority.ts";
import { fromPem, toPem } from "./x509/pem.ts";

/** PEM of the second authority and of its root, beside what it issued. */
export const parallelFile = "parallel.pem";
export const parallelRootFile = "parallel-root.pem";

type Parallel = NonNullable<AuthorityRecord["parallel"]>;

export interface ChainPem {
  /** The authority first, then what is above it. */
  readonly pem: string;
  readonly root: string;
  readonly parallel?: { readonly pem: string; readonly root: string };
}

export async function chainOf(authority: Authority): Promise<ChainPem> {
  const { record } = authority;
  const own = toPem("CERTIFICATE", Buffer.from(record.certificate, "base64"));
  const root =
    record.root === undefined ? own : toPem("CERTIFICATE", Buffer.from(record.root, "base64"));
  const pem = record.root === undefined ? own : own + root;
  const parallel = record.parallel && (await parallelOf(authority, record.parallel));
  return { pem, root, ...(parallel && { parallel }) };
}

async function parallelOf(
  { directory: { path } }: Authority,
  { fingerprint, root: rootFingerprint = fingerprint }: Parallel,
) {
  const pem = await read(join(path, parallelFile), fingerprint);
  const root = await read(join(path, parallelRootFile), rootFingerprint);
  return { pem: root === pem ? pem : pem + root, root };
}

/** @param fingerprint of the certificate that it must be, since whoever saves it may trust it */
async function read(file: string, fingerprint: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(file, "latin1");
  } catch (cause) {
    throw new DsecosError("Unavailable", `${file} cannot be read; put it back from its backup.`, {
      cause,
    });
  }
  const der = fromPem(text, ["CERTIFICATE"]);
  if (der !== undefined && hash("sha256", der, "hex") === fingerprint)
    return toPem("CERTIFICATE", der);
  const what = `${file} is not the certificate that the token knows; put it back from its backup.`;
  throw new DsecosError("Unavailable", what);
}
