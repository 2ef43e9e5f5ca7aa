/** What a TPM is, its time and its registers (TPM 2.0 Part 3: GetCapability, ReadClock, PCR_*). */
import { type Reader, sized, u16, u32 } from "./codec.ts";
import { emptyAuth, run } from "./command.ts";
import { alg } from "./constants.ts";
import { readSignature } from "./keys.ts";
import { type Clock, readClock as parseClock, pcrSelection } from "./structures.ts";
import type { Transport } from "./transport.ts";

export interface Make {
  /** Registered name of the manufacturer, for example `IFX`. */
  manufacturer: string;
  /** What the manufacturer calls it; may be empty. */
  model: string;
  /** Four numbers with dots. */
  firmware: string;
  /** A program, on this machine or on its host. */
  software: boolean;
}

/**
 * Manufacturers of TPMs for virtual machines (TCG's vendor id registry). libtpms, the TPM of swtpm
 * and of QEMU, calls itself IBM, with the model `SW   TPM`. That a model is `xCG fTPM` says nothing:
 * chips whose firmware comes from the reference code have it too.
 */
const virtual: ReadonlySet<string> = new Set(["AMZN", "GOOG", "MSFT", "VMW", "XEN"]);

export async function readMake(transport: Transport): Promise<Make> {
  const properties = 6; // TPM_CAP_TPM_PROPERTIES
  const fixed = 0x100; // TPM_PT_FIXED
  const { parameters } = await run(transport, {
    name: "GetCapability",
    parameters: [u32(properties), u32(fixed), u32(0x30)],
  });
  parameters.take(1 + 4); // whether there are more, and the capability again
  const values = new Map<number, number>();
  for (let left = parameters.u32(); left > 0; left--) {
    const property = parameters.u32();
    values.set(property - fixed, parameters.u32());
  }
  // Part 2, table 22 (TPM_PT): manufacturer 5, vendor's string 6 to 9, firmware 11 and 12.
  const text = (...at: number[]) =>
    Buffer.concat(at.map((property) => u32(values.get(property) ?? 0)))
      .toString("latin1")
      .replaceAll(/[^ -~]/g, "")
      .trim();
  const manufacturer = text(5);
  const model = text(6, 7, 8, 9);
  const numbers = [11, 12].flatMap((property) => {
    const value = values.get(property) ?? 0;
    return [value >>> 16, value & 0xffff];
  });
  const software = virtual.has(manufacturer) || /^SW\b/.test(model);
  return { manufacturer, model, firmware: numbers.join("."), software };
}

export async function readClock(transport: Transport): Promise<Clock> {
  const { parameters } = await run(transport, { name: "ReadClock" });
  parameters.u64(); // milliseconds since the last reset
  return parseClock(parameters);
}

/** @returns values of the SHA-256 bank; a TPM without that bank gives none. */
export async function readPcrs(
  transport: Transport,
  pcrs: readonly number[],
): Promise<Map<number, Buffer>> {
  const values = new Map<number, Buffer>();
  // A TPM gives as many as it likes at once, eight at most, and tells which.
  for (let left = [...pcrs]; left.length > 0; left = pcrs.filter((pcr) => !values.has(pcr))) {
    const { parameters } = await run(transport, {
      name: "PCR_Read",
      parameters: [pcrSelection(left)],
    });
    parameters.u32(); // how often registers have changed
    const given = selected(parameters);
    if (given.length === 0) break;
    parameters.u32();
    for (const pcr of given) values.set(pcr, parameters.sized());
  }
  return values;
}

/** The first bank of a TPML_PCR_SELECTION, which is the only one that was asked for. */
function selected(reader: Reader): number[] {
  const pcrs: number[] = [];
  for (let banks = reader.u32(); banks > 0; banks--) {
    reader.u16();
    const bits = reader.take(reader.u8());
    for (let pcr = 0; pcr < bits.length * 8; pcr++)
      if ((bits.readUInt8(pcr >> 3) & (1 << (pcr % 8))) !== 0) pcrs.push(pcr);
  }
  return pcrs;
}

/** @returns TPMS_ATTEST of the registers, and its signature. */
export async function quote(
  transport: Transport,
  ak: number,
  pcrs: readonly number[],
  extraData: Buffer,
): Promise<{ attest: Buffer; signature: Buffer }> {
  const { parameters } = await run(transport, {
    name: "Quote",
    handles: [ak],
    auths: [emptyAuth],
    parameters: [sized(extraData), u16(alg.null), pcrSelection(pcrs)],
  });
  return { attest: parameters.sized(), signature: readSignature(parameters) };
}
