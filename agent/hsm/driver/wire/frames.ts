/**
 * Frames of the socket between agent and driver: length (4 bytes), then
 * - a request: number of the call (4), number of the operation (1), arguments;
 * - an answer: number of the call (4), 0 and the result or 1 and an error;
 * - a status: number 0 (4), 2, and JSON. The driver's side says it before anything else.
 */
import { DriverError, type DriverErrorKind } from "../types.ts";
import { Reader, WireError, type Writer } from "./buffers.ts";
import { mostFrame } from "./operations.ts";
import { oneOf, record, type Shape, text } from "./shapes.ts";

export const outcome = { result: 0, error: 1, status: 2 } as const;

/** Puts frames together from what the socket gives, and wipes it. */
export class FrameReader {
  #parts: Buffer[] = [];
  #length = 0;
  /** Bytes that the frame under way needs in all; 0 while its length is not known. */
  #needed = 0;

  /** @throws WireError after which the connection is of no use. */
  push(chunk: Buffer, onFrame: (frame: Reader) => void): void {
    this.#parts.push(chunk);
    this.#length += chunk.length;
    if (this.#length < Math.max(this.#needed, 4)) return;
    const all = this.#parts.length === 1 ? chunk : Buffer.concat(this.#parts, this.#length);
    if (all !== chunk) wipe(this.#parts);
    let at = 0;
    this.#needed = 0;
    while (all.length - at >= 4) {
      const length = all.readUInt32BE(at);
      if (length > mostFrame) throw new WireError(`a frame of ${length} bytes is too long`);
      if (all.length - at - 4 < length) {
        this.#needed = 4 + length;
        break;
      }
      onFrame(new Reader(all, at + 4, at + 4 + length));
      at += 4 + length;
    }
    const rest = at === all.length ? [] : [Buffer.from(all.subarray(at))];
    all.fill(0);
    this.#parts = rest;
    this.#length = all.length - at;
  }
}

function wipe(parts: readonly Buffer[]): void {
  for (const part of parts) part.fill(0);
}

/** Writes one frame; when that fails, nothing of it stays. */
export function frame(to: Writer, write: () => void): void {
  const at = to.length;
  to.word(0);
  try {
    write();
  } catch (error) {
    to.cut(at);
    throw error;
  }
  const length = to.length - at - 4;
  if (length > mostFrame) {
    to.cut(at);
    throw new WireError(`a message of ${length} bytes is too long`);
  }
  to.patch(at, length);
}

const kinds: Record<DriverErrorKind, true> = {
  unavailable: true,
  closed: true,
  timeout: true,
  tokenAbsent: true,
  keyMissing: true,
  ambiguous: true,
  pinWrong: true,
  pinLocked: true,
  refused: true,
  authentication: true,
  badKey: true,
  exists: true,
  unsupported: true,
  full: true,
  diskFull: true,
  busy: true,
  twoTokens: true,
  noPin: true,
  module: true,
};

const failure = record<{ kind: DriverErrorKind; message: string; ckr: string }>({
  kind: oneOf(Object.keys(kinds) as DriverErrorKind[]),
  message: text(4096),
  ckr: text(64),
});

export const driverError: Shape<DriverError> = {
  write: (to, { kind, message, ckr }) =>
    failure.write(to, { kind, message: message.slice(0, 1000), ckr }),
  read(from) {
    const { kind, message, ckr } = failure.read(from);
    return new DriverError(kind, message, ckr);
  },
};
