/**
 * A PKCS#11 module through the addon of pkcs11js: its calls as they are, failures as Pkcs11Failure.
 * Handles of slots, sessions and objects are buffers of 8 bytes. Calls that end in `Async` run on a
 * thread of libuv; the addon keeps no hold of their buffers, so that is done here.
 */
import { createRequire } from "node:module";
import { Pkcs11Failure } from "./ckr.ts";
import { CKF } from "./numbers.ts";

export type Handle = Buffer;

export interface Mechanism {
  mechanism: number;
  /** An object has `type`, one of `parameterTypes`. */
  parameter?: Buffer | Record<string, unknown>;
}

/** Which structure the addon makes of a mechanism's parameter. */
export const parameterTypes = { rsaPss: 5, ecdh: 6, gcm: 25 } as const;

export interface Attribute {
  type: number;
  value?: number | boolean | string | Buffer;
}

interface Version {
  major: number;
  minor: number;
}

export interface RawTokenInfo {
  label: string;
  manufacturerID: string;
  model: string;
  serialNumber: string;
  flags: number;
  hardwareVersion: Version;
  firmwareVersion: Version;
  freePrivateMemory: bigint;
}

type Done<T> = (error: Error | null, value: T) => void;

/** What the addon gives; only what is called here. */
interface Addon {
  load(path: string): void;
  C_Initialize(options: { flags: number }): void;
  C_Finalize(): void;
  C_GetInfo(): {
    cryptokiVersion: Version;
    manufacturerID: string;
    libraryDescription: string;
    libraryVersion: Version;
  };
  C_GetSlotList(present: boolean): Handle[];
  C_GetSlotInfo(slot: Handle): { flags: number };
  C_GetTokenInfo(slot: Handle): RawTokenInfo;
  C_GetMechanismList(slot: Handle): number[];
  C_InitToken(slot: Handle, pin: string, label: string): void;
  C_InitPIN(session: Handle, pin: string): void;
  C_OpenSession(slot: Handle, flags: number): Handle;
  C_GetSessionInfo(session: Handle): { state: number };
  C_CloseSession(session: Handle): void;
  C_CloseAllSessions(slot: Handle): void;
  C_Login(session: Handle, user: number, pin: string): void;
  C_Logout(session: Handle): void;
  C_GenerateRandom(session: Handle, out: Buffer): Buffer;
  C_CreateObject(session: Handle, template: Attribute[]): Handle;
  C_DestroyObject(session: Handle, object: Handle): void;
  C_GetAttributeValue(session: Handle, object: Handle, template: Attribute[]): Attribute[];
  C_FindObjectsInit(session: Handle, template: Attribute[]): void;
  C_FindObjects(session: Handle, most: number): Handle[];
  C_FindObjectsFinal(session: Handle): void;
  C_SignInit(session: Handle, mechanism: Mechanism, key: Handle): void;
  C_Sign(session: Handle, data: Buffer, out: Buffer): number;
  C_SignCallback(session: Handle, data: Buffer, out: Buffer, done: Done<number>): void;
  C_EncryptInit(session: Handle, mechanism: Mechanism, key: Handle): void;
  C_Encrypt(session: Handle, data: Buffer, out: Buffer): number;
  C_EncryptCallback(session: Handle, data: Buffer, out: Buffer, done: Done<number>): void;
  C_DecryptInit(session: Handle, mechanism: Mechanism, key: Handle): void;
  C_Decrypt(session: Handle, data: Buffer, out: Buffer): number;
  C_DecryptCallback(session: Handle, data: Buffer, out: Buffer, done: Done<number>): void;
  C_DeriveKey(session: Handle, mechanism: Mechanism, key: Handle, template: Attribute[]): Handle;
  C_GenerateKeyCallback(
    session: Handle,
    mechanism: Mechanism,
    template: Attribute[],
    done: Done<Handle>,
  ): void;
  C_GenerateKeyPairCallback(
    session: Handle,
    mechanism: Mechanism,
    publicTemplate: Attribute[],
    privateTemplate: Attribute[],
    done: Done<{ publicKey: Handle; privateKey: Handle }>,
  ): void;
}

/** @returns the addon, which is compiled beside this program as pkcs11.node. */
function loadAddon(): Addon {
  const from = createRequire(import.meta.url);
  const { PKCS11 } = from("./pkcs11.node") as { PKCS11: new () => Addon };
  return new PKCS11();
}

/** The addon says `CKR_NAME:number`. */
function failure(error: unknown): unknown {
  const code = error instanceof Error ? /^CKR_\w+:(\d+)$/.exec(error.message)?.[1] : undefined;
  return code === undefined ? error : new Pkcs11Failure(Number(code));
}

type Sync = {
  [K in keyof Addon as K extends `${string}Callback` | "load" ? never : K]: Addon[K];
};

/** Every call that waits for the module, under its own name. */
export type Module = Sync & {
  signAsync(session: Handle, data: Buffer, out: Buffer): Promise<number>;
  encryptAsync(session: Handle, data: Buffer, out: Buffer): Promise<number>;
  decryptAsync(session: Handle, data: Buffer, out: Buffer): Promise<number>;
  generateKeyAsync(session: Handle, mechanism: Mechanism, template: Attribute[]): Promise<Handle>;
  generateKeyPairAsync(
    session: Handle,
    mechanism: Mechanism,
    publicTemplate: Attribute[],
    privateTemplate: Attribute[],
  ): Promise<{ publicKey: Handle; privateKey: Handle }>;
};

/** Keeps what a thread works with until it is done. */
function later<T>(held: unknown[], start: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => {
      held.length = 0;
      if (error === null) resolve(value);
      else reject(failure(error));
    });
  });
}

/** @throws Error that says why the library cannot be loaded */
export function loadModule(path: string): Module {
  const addon = loadAddon();
  addon.load(path);
  const calls: Record<string, unknown> = {};
  for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(addon))) {
    const call = (addon as unknown as Record<string, unknown>)[name];
    if (!name.startsWith("C_") || typeof call !== "function") continue;
    calls[name] = (...parameters: unknown[]) => {
      try {
        return call.apply(addon, parameters);
      } catch (error) {
        throw failure(error);
      }
    };
  }
  const sync = calls as unknown as Sync;
  return Object.assign(sync, {
    signAsync: (session: Handle, data: Buffer, out: Buffer) =>
      later<number>([session, data, out], (done) => addon.C_SignCallback(session, data, out, done)),
    encryptAsync: (session: Handle, data: Buffer, out: Buffer) =>
      later<number>([session, data, out], (done) =>
        addon.C_EncryptCallback(session, data, out, done),
      ),
    decryptAsync: (session: Handle, data: Buffer, out: Buffer) =>
      later<number>([session, data, out], (done) =>
        addon.C_DecryptCallback(session, data, out, done),
      ),
    generateKeyAsync: (session: Handle, mechanism: Mechanism, template: Attribute[]) =>
      later<Handle>([session, mechanism, template], (done) =>
        addon.C_GenerateKeyCallback(session, mechanism, template, done),
      ),
    generateKeyPairAsync: (
      session: Handle,
      mechanism: Mechanism,
      publicTemplate: Attribute[],
      privateTemplate: Attribute[],
    ) =>
      later<{ publicKey: Handle; privateKey: Handle }>(
        [session, mechanism, publicTemplate, privateTemplate],
        (done) =>
          addon.C_GenerateKeyPairCallback(
            session,
            mechanism,
            publicTemplate,
            privateTemplate,
            done,
          ),
      ),
  });
}

/** Told that several threads call it. */
export function initialize(module: Module): void {
  module.C_Initialize({ flags: CKF.OS_LOCKING_OK });
}

/** @returns the bytes of one attribute; empty where it has none. */
export function readAttribute(module: Module, session: Handle, object: Handle, type: number) {
  const [attribute] = module.C_GetAttributeValue(session, object, [{ type }]);
  const value = attribute?.value;
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
}

/** @returns all objects that the template fits, in the order of the module. */
export function findObjects(module: Module, session: Handle, template: Attribute[]): Handle[] {
  module.C_FindObjectsInit(session, template);
  const found: Handle[] = [];
  try {
    for (;;) {
      const some = module.C_FindObjects(session, 256);
      if (some.length === 0) return found;
      found.push(...some);
    }
  } finally {
    module.C_FindObjectsFinal(session);
  }
}
