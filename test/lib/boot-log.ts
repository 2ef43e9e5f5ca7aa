/** Logs of measured starts: one of a real start, and such as the specification allows. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { sized, u8, u16, u32 } from "../../agent/tpm/codec.ts";
import { hierarchy, tag } from "../../agent/tpm/constants.ts";
import type { Transport } from "../../agent/tpm/transport.ts";

const fixtures = join(import.meta.dirname, "../fixtures/boot");

/** OVMF and Linux under QEMU with swtpm: its log, and what the TPM's registers then had. */
export const realLog = readFileSync(join(fixtures, "ovmf-swtpm.bin"));
export const realRegisters: ReadonlyMap<number, string> = new Map(
  Object.entries(
    JSON.parse(readFileSync(join(fixtures, "ovmf-swtpm.json"), "utf8")).registers as Record<
      string,
      string
    >,
  ).map(([pcr, value]) => [Number(pcr), value]),
);

export interface Written {
  pcr: number;
  type: number;
  data: Buffer;
  /** Of the data unless given. */
  digest?: Buffer;
}

export const separator = (pcr: number): Written => ({ pcr, type: 4, data: Buffer.alloc(4) });
export const locality = (value: number): Written => ({
  ...{ pcr: 0, type: 3, digest: Buffer.alloc(32) },
  data: Buffer.concat([Buffer.from("StartupLocality\0"), Buffer.of(value)]),
});

const le16 = (value: number) => Buffer.from(u16(value)).reverse();
const le32 = (value: number) => Buffer.from(u32(value)).reverse();

interface Form {
  signature?: string;
  /** Algorithm and bytes of its digest. */
  algorithms?: readonly (readonly [id: number, bytes: number])[];
}

/** A log as the PC Client Platform Firmware Profile has it, with SHA-1 and SHA-256 unless told. */
export function writeLog(events: readonly Written[], form: Form = {}): Buffer {
  const {
    signature = "Spec ID Event03\0",
    algorithms = [
      [4, 20],
      [11, 32],
    ],
  } = form;
  const head = Buffer.concat([
    ...[Buffer.from(signature), le32(0), Buffer.of(0, 2, 105, 2), le32(algorithms.length)],
    ...algorithms.flatMap(([id, bytes]) => [le16(id), le16(bytes)]),
    u8(0),
  ]);
  const body = events.map(({ pcr, type, data, digest }) => {
    const values = algorithms.flatMap(([id, bytes]) => {
      const value = digest ?? createHash("sha256").update(data).digest();
      return [le16(id), Buffer.alloc(bytes, id === 11 ? value : 1)];
    });
    const parts = [
      le32(pcr),
      le32(type),
      le32(algorithms.length),
      ...values,
      le32(data.length),
      data,
    ];
    return Buffer.concat(parts);
  });
  const first = [le32(0), le32(3), Buffer.alloc(20), le32(head.length), head];
  return Buffer.concat([...first, ...body]);
}

/** Measures into a TPM as firmware does: TPM2_PCR_Extend (Part 3, 22.2) with SHA-256. */
export async function extend(transport: Transport, pcr: number, digest: Buffer): Promise<void> {
  const auth = Buffer.concat([u32(hierarchy.password), sized(), u8(0), sized()]);
  const parts = [u32(pcr), u32(auth.length), auth, u32(1), u16(0x000b), digest];
  const body = Buffer.concat(parts);
  const command = [u16(tag.sessions), u32(10 + body.length), u32(0x182), body];
  const reply = await transport.send(Buffer.concat(command), 10_000);
  const code = reply.readUInt32BE(6);
  if (code !== 0) throw new Error(`PCR_Extend failed with 0x${code.toString(16)}`);
}
