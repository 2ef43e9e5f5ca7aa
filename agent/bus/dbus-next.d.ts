/** The few internals of dbus-next 0.10.2 that agent/bus/wire.ts uses; it ships no types for them. */
declare module "dbus-next/lib/dbus-buffer.js" {
  export default class DBusBuffer {
    constructor(buffer: Buffer, start: number, endian: number, fds: null, options: object);
    read(signature: string): unknown[];
    align(power: number): void;
  }
}
declare module "dbus-next/lib/marshall-compat.js" {
  export function messageToJsFmt(message: { signature: string; body: unknown[] }): {
    body: unknown[];
  };
  export function marshallMessage(message: object): [Buffer, unknown[]];
}
declare module "dbus-next/lib/variant.js" {
  export class Variant<T = unknown> {
    constructor(signature: string, value: T);
    readonly signature: string;
    readonly value: T;
  }
}
