/** Makes a TPM ready to seal: a key that attests, a counter, and the proof that both are in it. */
import { randomBytes } from "node:crypto";
import { makeCredential } from "./credential.ts";
import { namesSoftware } from "./endorsement.ts";
import { withEndorsementKey } from "./endorsement-key.ts";
import { code, TpmError } from "./errors.ts";
import type { Enrolment } from "./evidence.ts";
import {
  activateCredential,
  createPrimary,
  evictControl,
  flushContext,
  freeSlots,
  readPublic,
} from "./keys.ts";
import { defineCounter, incrementCounter, nvPublic, readCounter } from "./nv.ts";
import { readMake } from "./platform.ts";
import { counterName, nameOf } from "./structures.ts";
import { akTemplate } from "./templates.ts";
import { TpmUnreachable, type Transport } from "./transport.ts";

/** Persistent handles and NV indexes of the owner's ranges; other programs are left theirs. */
const firstHandle = 0x8100d5e0;
const firstIndex = 0x0180d5e0;
const places = 16;

const secretBytes = 32;

/** What the log does not hold of an enrolment. */
export interface Enrolled {
  enrolment: Omit<Enrolment, "from">;
  /** The counter's value. */
  counter: bigint;
  /** Keys of earlier enrolments that were found in the TPM. */
  earlier: number;
}

/**
 * @param password of the counter
 * @param ours names of keys that earlier enrolments of this log made; they are removed
 */
export async function enrol(
  transport: Transport,
  password: Buffer,
  ours: ReadonlySet<string>,
): Promise<Enrolled> {
  await freeSlots(transport);
  const make = await readMake(transport);
  const { free, earlier } = await clearHandles(transport, ours);
  const { index: counterIndex, value: counter } = await prepareCounter(transport, password);
  const { handle, publicArea: akPublic } = await createPrimary(
    transport,
    akTemplate(randomBytes(2 * 32)),
  );
  const name = nameOf(akPublic);
  let facts: Awaited<ReturnType<typeof prove>>;
  try {
    facts = await prove(transport, handle, name);
    // Last, so that what breaks off leaves nothing in the TPM.
    await evictControl(transport, handle, free);
  } finally {
    await flushContext(transport, handle);
  }
  return {
    enrolment: {
      name: name.toString("hex"),
      akPublic: akPublic.toString("base64"),
      counterIndex,
      counterName: counterName(counterIndex).toString("hex"),
      ...facts,
      manufacturer: make.manufacturer,
      software: make.software || facts.software,
    },
    counter,
    earlier,
  };
}

/** Has the TPM prove that it holds both the key and an endorsement key. */
async function prove(transport: Transport, ak: number, name: Buffer) {
  return await withEndorsementKey(transport, async (ek) => {
    const secret = randomBytes(secretBytes);
    const { blob, seed, ephemeral } = makeCredential(ek.publicArea, secret, name);
    const { handle, byPolicy, certificates } = ek;
    const given = await activateCredential(transport, {
      ak,
      ek: handle,
      byPolicy,
      blob,
      ephemeral,
    });
    if (!given.equals(secret))
      throw new TpmUnreachable("The TPM did not prove that its keys belong together.");
    const text = (bytes: Buffer) => bytes.toString("base64");
    return {
      ekPublic: text(ek.publicArea),
      ekCertificates: certificates.map(text),
      software: certificates.some(namesSoftware),
      activation: {
        blob: text(blob),
        ephemeral: text(ephemeral),
        secret: text(secret),
        seed: text(seed),
      },
    };
  });
}

/** @returns the handle of the key with that name; undefined when it is not in the TPM. */
export async function findKey(transport: Transport, name: string): Promise<number | undefined> {
  for (let handle = firstHandle; handle < firstHandle + places; handle++) {
    const area = await readPublic(transport, handle);
    if (area !== undefined && nameOf(area).toString("hex") === name) return handle;
  }
  return undefined;
}

/** Removes own keys of before. @returns a free handle, and how many keys there were. */
async function clearHandles(
  transport: Transport,
  ours: ReadonlySet<string>,
): Promise<{ free: number; earlier: number }> {
  let free: number | undefined;
  let earlier = 0;
  for (let handle = firstHandle; handle < firstHandle + places; handle++) {
    const area = await readPublic(transport, handle);
    if (area !== undefined) earlier++;
    const isOurs = area !== undefined && ours.has(nameOf(area).toString("hex"));
    if (isOurs) await evictControl(transport, handle, handle);
    if (area === undefined || isOurs) free ??= handle;
  }
  if (free === undefined)
    throw new TpmUnreachable(
      "The TPM's places for keys of DsecOS are full; remove old ones with tpm2_evictcontrol(1).",
    );
  return { free, earlier };
}

/** Takes the counter that has the password, or makes one. @returns its value, which is written. */
async function prepareCounter(
  transport: Transport,
  password: Buffer,
): Promise<{ index: number; value: bigint }> {
  for (let index = firstIndex; index < firstIndex + places; index++) {
    const area = await nvPublic(transport, index);
    if (area === undefined) await defineCounter(transport, index, password);
    else if (!area.name.equals(counterName(index)) || !(await opens(transport, index, password)))
      continue;
    await incrementCounter(transport, index, password);
    const value = await readCounter(transport, index, password);
    if (value !== undefined) return { index, value };
  }
  throw new TpmUnreachable(
    "The TPM's places for counters of DsecOS are full; remove old ones with tpm2_nvundefine(1).",
  );
}

async function opens(transport: Transport, index: number, password: Buffer): Promise<boolean> {
  try {
    await readCounter(transport, index, password);
    return true;
  } catch (error) {
    if (error instanceof TpmError && error.code === code.badAuth) return false;
    throw error;
  }
}

/** True when the TPM has the endorsement key that was enrolled. */
export async function sameEndorsementKey(
  transport: Transport,
  { ekPublic }: Enrolment,
): Promise<boolean> {
  await freeSlots(transport);
  return await withEndorsementKey(transport, async ({ publicArea }) =>
    publicArea.equals(Buffer.from(ekPublic, "base64")),
  );
}
