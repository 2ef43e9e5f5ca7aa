/** The endorsement key of a TPM, and the certificates by which its manufacturer vouches for it. */
import { holds } from "./endorsement.ts";
import { createPrimary, flushContext } from "./keys.ts";
import { readWhole } from "./nv.ts";
import { type EkTemplate, ekTemplates } from "./templates.ts";
import type { Transport } from "./transport.ts";

/** Where manufacturers keep certificates of issuers, one or several behind each other. */
const firstIssuer = 0x01c00100;
const mostIssuers = 8;

export interface EndorsementKey {
  handle: number;
  /** TPMT_PUBLIC */
  publicArea: Buffer;
  byPolicy: boolean;
  /** DER, the EK's first, then issuers; empty when the TPM has none that fits. */
  certificates: Buffer[];
}

/**
 * Makes the key for which there is a certificate; without one, the key on P-256. The work uses the
 * key, which is gone afterwards.
 */
export async function withEndorsementKey<T>(
  transport: Transport,
  work: (key: EndorsementKey) => Promise<T>,
): Promise<T> {
  for (const template of ekTemplates) {
    const [certificate] = certificatesIn(await readWhole(transport, template.certificate));
    if (certificate === undefined) continue;
    const found = await withKey(transport, template, async ({ handle, publicArea }) => {
      if (!holds(certificate, publicArea)) return undefined;
      const certificates = [certificate, ...(await issuers(transport))];
      const { byPolicy } = template;
      return { result: await work({ handle, publicArea, byPolicy, certificates }) };
    });
    if (found !== undefined) return found.result;
  }
  const [usual] = ekTemplates as [EkTemplate];
  return await withKey(transport, usual, (key) =>
    work({ ...key, byPolicy: usual.byPolicy, certificates: [] }),
  );
}

async function withKey<T>(
  transport: Transport,
  { template }: EkTemplate,
  work: (key: { handle: number; publicArea: Buffer }) => Promise<T>,
): Promise<T> {
  const key = await createPrimary(transport, template);
  try {
    return await work(key);
  } finally {
    await flushContext(transport, key.handle);
  }
}

async function issuers(transport: Transport): Promise<Buffer[]> {
  const found: Buffer[] = [];
  for (let index = firstIssuer; index < firstIssuer + mostIssuers; index++) {
    const bytes = await readWhole(transport, index);
    if (bytes === undefined) break;
    found.push(...certificatesIn(bytes));
  }
  return found;
}

/** @returns the DER certificates that stand behind each other, without what fills up the rest. */
function certificatesIn(bytes: Buffer | undefined): Buffer[] {
  const found: Buffer[] = [];
  for (let rest = bytes ?? Buffer.alloc(0); rest.length > 4; ) {
    // SEQUENCE with its length in two bytes, as every certificate has it.
    if (rest.readUInt16BE(0) !== 0x3082) break;
    const length = 4 + rest.readUInt16BE(2);
    if (length > rest.length) break;
    found.push(rest.subarray(0, length));
    rest = rest.subarray(length);
  }
  return found;
}
