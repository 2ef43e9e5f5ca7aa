/** Memory of a TPM (TPM 2.0 Part 3, NV_*): the counter, and certificates. */
import { Reader, sized, u16 } from "./codec.ts";
import { type Auth, emptyAuth, run } from "./command.ts";
import { alg, hierarchy } from "./constants.ts";
import { code, TpmError } from "./errors.ts";
import { readSignature, unlessMissing } from "./keys.ts";
import { counterPublic } from "./structures.ts";
import type { Transport } from "./transport.ts";

/** Every TPM gives that much at once (TPM_PT_NV_BUFFER_MAX is 512 at least). */
const chunkBytes = 512;

export async function defineCounter(
  transport: Transport,
  index: number,
  password: Buffer,
): Promise<void> {
  await run(transport, {
    name: "NV_DefineSpace",
    handles: [hierarchy.owner],
    auths: [emptyAuth],
    parameters: [sized(password), sized(counterPublic(index))],
  });
}

/** @returns name and size of an index; undefined when there is none. */
export async function nvPublic(
  transport: Transport,
  index: number,
): Promise<{ name: Buffer; bytes: number } | undefined> {
  return await unlessMissing(
    run(transport, { name: "NV_ReadPublic", handles: [index] }).then(({ parameters }) => {
      const area = new Reader(parameters.sized());
      area.take(4 + 2 + 4); // index, name algorithm, attributes
      area.sized(); // policy
      return { bytes: area.u16(), name: parameters.sized() };
    }),
  );
}

export async function incrementCounter(
  transport: Transport,
  index: number,
  password: Buffer,
): Promise<void> {
  await run(transport, { name: "NV_Increment", handles: [index, index], auths: [{ password }] });
}

/** @returns undefined for a counter that was never incremented. */
export async function readCounter(
  transport: Transport,
  index: number,
  password: Buffer,
): Promise<bigint | undefined> {
  try {
    return (await nvRead(transport, index, index, { password }, 0, 8)).readBigUInt64BE();
  } catch (error) {
    if (error instanceof TpmError && error.code === code.unwritten) return undefined;
    throw error;
  }
}

/** @returns an index that anybody may read; undefined when there is none. */
export async function readWhole(transport: Transport, index: number): Promise<Buffer | undefined> {
  const area = await nvPublic(transport, index);
  if (area === undefined) return undefined;
  const chunks: Buffer[] = [];
  for (let at = 0; at < area.bytes; at += chunkBytes) {
    const count = Math.min(chunkBytes, area.bytes - at);
    chunks.push(await nvRead(transport, index, index, emptyAuth, at, count));
  }
  return Buffer.concat(chunks);
}

async function nvRead(
  transport: Transport,
  by: number,
  index: number,
  auth: Auth,
  offset: number,
  count: number,
): Promise<Buffer> {
  const { parameters } = await run(transport, {
    name: "NV_Read",
    handles: [by, index],
    auths: [auth],
    parameters: [u16(count), u16(offset)],
  });
  return parameters.sized();
}

/** @returns TPMS_ATTEST of the counter, and its signature. */
export async function certifyCounter(
  transport: Transport,
  ak: number,
  index: number,
  password: Buffer,
  extraData: Buffer,
): Promise<{ attest: Buffer; signature: Buffer }> {
  const { parameters } = await run(transport, {
    name: "NV_Certify",
    handles: [ak, index, index],
    auths: [emptyAuth, { password }],
    parameters: [sized(extraData), u16(alg.null), u16(8), u16(0)],
  });
  return { attest: parameters.sized(), signature: readSignature(parameters) };
}
