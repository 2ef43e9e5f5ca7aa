/**
 * Messages of the D-Bus wire protocol, cut out of the byte stream and read in two steps: the
 * header first, the body only when somebody who knows its signature asks for it. dbus-next
 * marshals and unmarshals; its own connection reads bodies of any type at once and dies with the
 * process when one of them cannot be read.
 * Source: https://dbus.freedesktop.org/doc/dbus-specification.html#message-protocol
 */
import DBusBuffer from "dbus-next/lib/dbus-buffer.js";
import { marshallMessage, messageToJsFmt } from "dbus-next/lib/marshall-compat.js";

export const messageTypes = { call: 1, return: 2, error: 3, signal: 4 } as const;

export const noReplyExpected = 1;

/** Header of a message; absent fields are empty strings or 0. */
export interface Head {
  type: number;
  flags: number;
  serial: number;
  replySerial: number;
  sender: string;
  destination: string;
  path: string;
  interface: string;
  member: string;
  errorName: string;
  signature: string;
  /** Size of the body in bytes. */
  size: number;
}

export interface Incoming {
  head: Head;
  /**
   * The body in JavaScript's terms.
   * @throws when the message was too large to keep, or holds what cannot be read.
   */
  body(): unknown[];
}

const littleEndian = 108;
const fixedHeader = 16;
/** No message we are sent has headers beyond names and a path of 255 bytes each. */
const maximumFields = 8192;

const fieldNames: Record<number, keyof Head> = {
  1: "path",
  2: "interface",
  3: "member",
  4: "errorName",
  5: "replySerial",
  6: "destination",
  7: "sender",
  8: "signature",
};

function padded(length: number): number {
  return (length + 7) & ~7;
}

/** Cuts the stream into messages; a body beyond `maximumBody` bytes is dropped unread. */
export class Unframer {
  #pending: Buffer[] = [];
  #length = 0;
  /** Bytes of a dropped body that are still to come. */
  #skip = 0;
  readonly #maximumBody: number;

  constructor(maximumBody: number) {
    this.#maximumBody = maximumBody;
  }

  /**
   * @returns the messages that are now complete; undefined stands for one that had to be dropped.
   * @throws when the stream is not D-Bus at all.
   */
  push(chunk: Buffer): (Incoming | undefined)[] {
    this.#pending.push(chunk);
    this.#length += chunk.length;
    const messages: (Incoming | undefined)[] = [];
    for (;;) {
      if (this.#skip > 0 && this.#length > 0) {
        this.#skip -= this.#take(Math.min(this.#skip, this.#length)).length;
      }
      if (this.#skip > 0 || this.#length < fixedHeader) return messages;
      const start = this.#peek(fixedHeader);
      const little = start[0] === littleEndian;
      const size = little ? start.readUInt32LE(4) : start.readUInt32BE(4);
      const fields = little ? start.readUInt32LE(12) : start.readUInt32BE(12);
      if (fields > maximumFields) throw new Error(`a header of ${fields} bytes is not D-Bus`);
      const headLength = fixedHeader + padded(fields);
      const keep = size <= this.#maximumBody;
      if (this.#length < headLength + (keep ? size : 0)) return messages;
      const bytes = this.#take(headLength + (keep ? size : 0));
      if (!keep) this.#skip = size;
      messages.push(readMessage(bytes, size, keep));
    }
  }

  #peek(length: number): Buffer {
    if ((this.#pending[0]?.length ?? 0) < length) this.#pending = [Buffer.concat(this.#pending)];
    return (this.#pending[0] as Buffer).subarray(0, length);
  }

  #take(length: number): Buffer {
    const bytes = this.#peek(length);
    const rest = (this.#pending[0] as Buffer).subarray(length);
    if (rest.length > 0) this.#pending[0] = rest;
    else this.#pending.shift();
    this.#length -= length;
    return bytes;
  }
}

function readMessage(bytes: Buffer, size: number, kept: boolean): Incoming | undefined {
  const buffer = new DBusBuffer(bytes, 0, bytes[0] as number, null, {});
  const head: Head = {
    type: 0,
    flags: 0,
    serial: 0,
    replySerial: 0,
    sender: "",
    destination: "",
    path: "",
    interface: "",
    member: "",
    errorName: "",
    signature: "",
    size,
  };
  try {
    const raw = buffer.read("yyyyuua(yv)") as [number, number, number, number, number, number];
    head.type = raw[1];
    head.flags = raw[2];
    head.serial = raw[5];
    const fields = (raw as unknown as unknown[])[6] as [number, [unknown, unknown[]]][];
    for (const [code, value] of fields) {
      const name = fieldNames[code];
      if (name !== undefined) Object.assign(head, { [name]: value[1][0] });
    }
    buffer.align(3);
  } catch {
    // An unknown header field of a type that cannot be read: nobody can be answered. The caller
    // counts and reports it.
    return undefined;
  }
  return {
    head,
    body: () => {
      if (!kept) throw new Error(`a body of ${size} bytes is too large`);
      if (head.signature === "" || size === 0) return [];
      const body = buffer.read(head.signature);
      return messageToJsFmt({ signature: head.signature, body }).body;
    },
  };
}

export interface Outgoing {
  type: number;
  serial: number;
  flags?: number;
  replySerial?: number;
  destination?: string;
  path?: string;
  interface?: string;
  member?: string;
  errorName?: string;
  signature?: string;
  body?: unknown[];
}

/** @throws when the body does not fit its signature. */
export function frame(message: Outgoing): Buffer {
  return marshallMessage({ flags: 0, signature: "", body: [], ...message })[0];
}
