/** Keys in a TPM (TPM 2.0 Part 3: CreatePrimary, ReadPublic, EvictControl, ActivateCredential). */
import { FormError, type Reader, sized, u8, u16, u32 } from "./codec.ts";
import { emptyAuth, run } from "./command.ts";
import { alg, hierarchy } from "./constants.ts";
import { code, TpmError } from "./errors.ts";
import type { Transport } from "./transport.ts";

/** RSA keys take slow TPMs a minute and more. */
const createMs = 180_000;

/**
 * @param template TPMT_PUBLIC
 * @returns handle of a transient key of the endorsement hierarchy, and its TPMT_PUBLIC
 */
export async function createPrimary(
  transport: Transport,
  template: Buffer,
): Promise<{ handle: number; publicArea: Buffer }> {
  const noSensitive = sized(sized(), sized());
  const { handle, parameters } = await run(transport, {
    name: "CreatePrimary",
    handles: [hierarchy.endorsement],
    auths: [emptyAuth],
    // Nothing from outside, and no registers in the record of the creation.
    parameters: [noSensitive, sized(template), sized(), u32(0)],
    givesHandle: true,
    timeoutMs: createMs,
  });
  return { handle, publicArea: parameters.sized() };
}

/** @returns TPMT_PUBLIC; undefined when there is no key at the handle. */
export async function readPublic(
  transport: Transport,
  handle: number,
): Promise<Buffer | undefined> {
  return await unlessMissing(
    run(transport, { name: "ReadPublic", handles: [handle] }).then(({ parameters }) =>
      parameters.sized(),
    ),
  );
}

/** @returns undefined in place of the error that there is nothing at a handle. */
export async function unlessMissing<T>(reply: Promise<T>): Promise<T | undefined> {
  try {
    return await reply;
  } catch (error) {
    if (error instanceof TpmError && error.code === code.handle) return undefined;
    throw error;
  }
}

/**
 * Keeps a transient key at a persistent handle, or, given a persistent one, removes the key there.
 * @param persistent where it is kept
 */
export async function evictControl(
  transport: Transport,
  handle: number,
  persistent: number,
): Promise<void> {
  await run(transport, {
    name: "EvictControl",
    handles: [hierarchy.owner, handle],
    auths: [emptyAuth],
    parameters: [u32(persistent)],
  });
}

/**
 * Frees all that clients left in a TPM without a resource manager, when they were killed or cut
 * off: it has room for three keys. Nobody else is served meanwhile.
 */
export async function freeSlots(transport: Transport): Promise<void> {
  if (transport.managed) return;
  const handles = 1; // TPM_CAP_HANDLES
  const mostHandles = 16;
  for (const range of [0x80000000, 0x02000000]) {
    const { parameters } = await run(transport, {
      name: "GetCapability",
      parameters: [u32(handles), u32(range), u32(mostHandles)],
    });
    parameters.take(1 + 4); // whether there are more, and the capability again
    const found = Array.from({ length: parameters.u32() }, () => parameters.u32());
    for (const handle of found) await flushContext(transport, handle);
  }
}

/** Frees a transient key or a session. */
export async function flushContext(transport: Transport, handle: number): Promise<void> {
  await run(transport, { name: "FlushContext", parameters: [u32(handle)] });
}

/**
 * @param ak handle of the key that the credential is for
 * @param ek handle of the key that it was encrypted to
 * @param byPolicy true for an EK that asks for the endorsement hierarchy's password by policy
 * @param blob TPM2B_ID_OBJECT
 * @param ephemeral TPM2B_ENCRYPTED_SECRET
 * @returns the secret
 */
export async function activateCredential(
  transport: Transport,
  {
    ak,
    ek,
    byPolicy,
    blob,
    ephemeral,
  }: {
    ak: number;
    ek: number;
    byPolicy: boolean;
    blob: Buffer;
    ephemeral: Buffer;
  },
): Promise<Buffer> {
  const session = byPolicy ? await endorsementSession(transport) : undefined;
  const { parameters } = await run(transport, {
    name: "ActivateCredential",
    handles: [ak, ek],
    auths: [emptyAuth, session === undefined ? emptyAuth : { session }],
    parameters: [blob, ephemeral],
  });
  return parameters.sized();
}

/** A policy session in which TPM2_PolicySecret showed the password of the hierarchy. */
async function endorsementSession(transport: Transport): Promise<number> {
  const policy = 0x01; // TPM_SE_POLICY
  const nonce = Buffer.alloc(16); // without HMACs nothing hangs on it
  const { handle } = await run(transport, {
    name: "StartAuthSession",
    handles: [hierarchy.null, hierarchy.null],
    parameters: [sized(nonce), sized(), u8(policy), u16(alg.null), u16(alg.sha256)],
    givesHandle: true,
  });
  const noExpiry = u32(0);
  await run(transport, {
    name: "PolicySecret",
    handles: [hierarchy.endorsement, handle],
    auths: [emptyAuth],
    parameters: [sized(), sized(), sized(), noExpiry],
  });
  return handle;
}

/** TPMT_SIGNATURE of ECDSA on P-256 (Part 2, table 198). @returns r and s, 32 bytes each. */
export function readSignature(reader: Reader): Buffer {
  reader.take(4); // the AK has this one scheme and this one hash
  const coordinate = () => {
    const value = reader.sized();
    if (value.length > 32) throw new FormError("has a signature that is too long");
    return Buffer.concat([Buffer.alloc(32 - value.length), value]);
  };
  return Buffer.concat([coordinate(), coordinate()]);
}
