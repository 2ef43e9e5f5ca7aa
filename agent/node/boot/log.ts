/**
 * The log of what firmware measured, in the crypto-agile form of the TCG’s PC Client Platform Firmware
 * Profile 1.06, section 10. All integers are little-endian, unlike those of the TPM itself.
 */
import { createHash } from "node:crypto";
import { FormError } from "../../tpm/codec.ts";
import { alg } from "../../tpm/constants.ts";

export interface MeasuredEvent {
  readonly pcr: number;
  readonly type: number;
  /** SHA-256. */
  readonly digest: Buffer;
  readonly data: Buffer;
}

/** EV_NO_ACTION: it tells something, and extends no register. */
const noAction = 0x03;
const signature = "Spec ID Event03\0";
const localitySignature = "StartupLocality\0";
const sha1Bytes = 20;
const sha256Bytes = 32;
/** A start measures some hundred; a server with many cards a thousand. */
const mostEvents = 4096;
const mostAlgorithms = 16;
const pcrCount = 24;

class LittleReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  take(count: number): Buffer {
    if (count > this.left) throw new FormError(`ends ${count - this.left} bytes too early`);
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  u8 = () => this.take(1).readUInt8();
  u16 = () => this.take(2).readUInt16LE();
  u32 = () => this.take(4).readUInt32LE();
}

/**
 * @returns all events that follow the first, which only names the form
 * @throws FormError for what has another form; its message is the end of a sentence
 */
export function parseBootLog(bytes: Buffer): MeasuredEvent[] {
  const reader = new LittleReader(bytes);
  const sizes = readHeader(reader);
  const events: MeasuredEvent[] = [];
  while (reader.left > 0) {
    if (events.length === mostEvents) throw new FormError(`has more than ${mostEvents} events`);
    events.push(readEvent(reader, sizes));
  }
  return events;
}

/** TCG_PCClientPCREvent with a TCG_EfiSpecIDEvent. @returns bytes of a digest, by algorithm */
function readHeader(reader: LittleReader): ReadonlyMap<number, number> {
  const [pcr, type] = [reader.u32(), reader.u32()];
  reader.take(sha1Bytes);
  const event = new LittleReader(reader.take(reader.u32()));
  if (pcr !== 0 || type !== noAction || event.left < signature.length)
    throw new FormError("does not begin with a Spec ID Event");
  if (event.take(signature.length).toString("latin1") !== signature)
    throw new FormError("has the old form, with SHA-1 alone");
  event.take(4 + 4); // platform class, version, errata, size of integers
  const count = event.u32();
  if (count === 0 || count > mostAlgorithms) throw new FormError(`names ${count} algorithms`);
  const sizes = new Map<number, number>();
  for (let index = 0; index < count; index++) sizes.set(event.u16(), event.u16());
  event.take(event.u8()); // the vendor’s
  if (sizes.get(alg.sha256) !== sha256Bytes) throw new FormError("has no SHA-256");
  return sizes;
}

/** TCG_PCR_EVENT2. */
function readEvent(reader: LittleReader, sizes: ReadonlyMap<number, number>): MeasuredEvent {
  const [pcr, type] = [reader.u32(), reader.u32()];
  if (pcr >= pcrCount) throw new FormError(`measures into register ${pcr}, which there is not`);
  const count = reader.u32();
  if (count > sizes.size) throw new FormError(`has an event with ${count} digests`);
  let digest: Buffer | undefined;
  for (let index = 0; index < count; index++) {
    const id = reader.u16();
    const size = sizes.get(id);
    if (size === undefined) throw new FormError(`uses the unnamed hash 0x${id.toString(16)}`);
    const value = reader.take(size);
    if (id === alg.sha256) digest = value;
  }
  if (digest === undefined) throw new FormError("has an event without SHA-256");
  return { pcr, type, digest, data: reader.take(reader.u32()) };
}

/** False for what only tells something. */
export function extendsRegister({ type }: MeasuredEvent): boolean {
  return type !== noAction;
}

/**
 * Extends registers of their own as the TPM did (TPM 2.0 Part 1, 17.5): new = SHA-256(old, digest).
 * @returns their values, by number, those too that nothing was measured into
 */
export function replay(
  events: readonly MeasuredEvent[],
  pcrs: readonly number[],
): Map<number, Buffer> {
  const values = new Map(pcrs.map((pcr) => [pcr, Buffer.alloc(sha256Bytes)]));
  // Section 10.4.5.3: where the first code was measured from another locality, register 0 begins there.
  values.get(0)?.writeUInt8(startupLocality(events), sha256Bytes - 1);
  for (const event of events) {
    const old = values.get(event.pcr);
    if (old === undefined || !extendsRegister(event)) continue;
    values.set(event.pcr, createHash("sha256").update(old).update(event.digest).digest());
  }
  return values;
}

function startupLocality(events: readonly MeasuredEvent[]): number {
  const told = events.find(
    ({ pcr, type, data }) =>
      pcr === 0 &&
      type === noAction &&
      data.length === localitySignature.length + 1 &&
      data.toString("latin1", 0, localitySignature.length) === localitySignature,
  );
  return told?.data.readUInt8(localitySignature.length) ?? 0;
}
