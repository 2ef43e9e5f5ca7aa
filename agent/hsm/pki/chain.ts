/** Certificates of an authority and of those above it. */
import { hash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DsecosError } from "../../bus/errors.ts";
import type { Authority } from "./authority.ts";
import { fromPem, toPem } from "./x509/pem.ts";

/** PEM of the second authority and of its root, beside what it issued. */
export const parallelFile = "parallel.pem";
export const parallelRootFile = "parallel-root.pem";

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
  const parallel = record.parallel && (await parallelOf(authority, record.parallel.fingerprint));
  return { pem, root, ...(parallel && { parallel }) };
}

async function parallelOf({ directory }: Authority, fingerprint: string) {
  const pem = await read(join(directory.path, parallelFile));
  const der = fromPem(pem, ["CERTIFICATE"]);
  if (der === undefined || hash("sha256", der, "hex") !== fingerprint) {
    const what = `${join(directory.path, parallelFile)} is not the certificate that the token knows; put it back from its backup.`;
    throw new DsecosError("Unavailable", what);
  }
  const root = await read(join(directory.path, parallelRootFile));
  return { pem: root === pem ? pem : pem + root, root };
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, "latin1");
  } catch (cause) {
    throw new DsecosError("Unavailable", `${file} cannot be read; put it back from its backup.`, {
      cause,
    });
  }
}
