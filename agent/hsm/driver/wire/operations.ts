/** Every operation of a driver as the wire has it, and what may be done when its answer is lost. */
import { type Algorithm, algorithms } from "../../algorithms.ts";
import type {
  DataObject,
  DriverOperations,
  KeyInToken,
  ModuleInfo,
  PrivateParts,
  PublicParts,
  Seal,
  SealedKey,
  TokenInfo,
} from "../types.ts";
import { mechanismList } from "./mechanisms.ts";
import {
  bytes,
  flag,
  list,
  nothing,
  number,
  oneOf,
  optional,
  record,
  type Shape,
  table,
  text,
  tuple,
} from "./shapes.ts";

/** Counts up with every change here: agent and driver may be of two versions during an upgrade. */
export const protocol = 2;

/** Longest message, plaintext or envelope. */
export const mostBytes = 8 * 1024 * 1024;
/** Longest frame: the longest value, and all that goes with it. */
export const mostFrame = mostBytes + 1024 * 1024;

const label = text(128);
const id = text(64);
const content = bytes(mostBytes);
const short = bytes(64 * 1024);
const algorithm = oneOf(algorithms);

const moduleInfo = record<ModuleInfo>({
  cryptokiVersion: text(32),
  manufacturer: text(256),
  description: text(256),
  libraryVersion: text(32),
});

const tokenInfo = record<TokenInfo>({
  label,
  serial: text(64),
  slot: number,
  manufacturer: text(256),
  model: text(64),
  hardwareVersion: text(32),
  firmwareVersion: text(32),
  hardware: flag,
  initialized: flag,
  pinCountLow: flag,
  pinFinalTry: flag,
  pinLocked: flag,
  login: oneOf(["closed", "open", "pinWrong", "pinLocked"]),
  freePrivateBytes: number,
  mechanisms: mechanismList,
});

const keyInToken = record<KeyInToken>({
  id: text(256),
  algorithm: oneOf([...algorithms, "unknown"]),
  spki: short,
  sensitive: flag,
  alwaysSensitive: flag,
  extractable: flag,
  neverExtractable: flag,
  local: flag,
});

const sealedKey = record<SealedKey>({ publicKey: short, blob: short });
const dataObject = record<DataObject>({ label: text(256), value: content });
const seal = record<Seal>({ id, aad: short });
const privateParts = record<PrivateParts>({
  id: optional(id),
  sealed: optional(record<{ seal: Seal; blob: Uint8Array }>({ seal, blob: short })),
} as { id: Shape<string>; sealed: Shape<{ seal: Seal; blob: Uint8Array }> });
const publicParts = record<PublicParts>({
  spki: optional(short),
  pq: optional(short),
} as { spki: Shape<Uint8Array>; pq: Shape<Uint8Array> });

export type OperationName = keyof DriverOperations;

export interface Operation<N extends OperationName> {
  arguments: Shape<Parameters<DriverOperations[N]>>;
  result: Shape<Awaited<ReturnType<DriverOperations[N]>>>;
  /** Whether doing it twice is as good as once, so that it is repeated when the process ended. */
  repeatable: boolean;
  /** In which line it stands; those in one do not wait for those in another. */
  lane(parameters: Parameters<DriverOperations[N]>): Lane;
}

/**
 * `fast`: the token does it. `making`: keys and tokens, which takes its time. `computing`: this process
 * itself does at least a half, in milliseconds.
 */
export type Lane = "fast" | "making" | "computing";

const again = { repeatable: true, lane: (): Lane => "fast" };
const once = { repeatable: false, lane: (): Lane => "fast" };
const making = { repeatable: false, lane: (): Lane => "making" };
const computing = { repeatable: true, lane: (): Lane => "computing" };
/** Those that Node's own cryptography verifies. */
const quick = new Set<Algorithm>(["P-384", "Ed25519", "RSA-3072"]);

/** In the order of their numbers on the wire. */
export const operations: { readonly [N in OperationName]: Operation<N> } = {
  module: { arguments: tuple(), result: moduleInfo, ...again },
  tokens: { arguments: tuple(), result: list(tokenInfo, 10_000), ...again },
  createToken: { arguments: tuple(label), result: tokenInfo, ...making },
  resetPin: { arguments: tuple(label), result: nothing, ...making },
  retryPin: { arguments: tuple(label), result: nothing, ...once },
  generateKey: { arguments: tuple(label, id, algorithm), result: keyInToken, ...making },
  generateAgreementKey: { arguments: tuple(label, id), result: keyInToken, ...making },
  destroyKey: { arguments: tuple(label, id), result: nothing, ...once },
  keys: { arguments: tuple(label), result: list(keyInToken, 100_000), ...again },
  key: { arguments: tuple(label, id), result: keyInToken, ...again },
  records: { arguments: tuple(label), result: list(dataObject, 100_000), ...again },
  writeRecord: { arguments: tuple(label, text(256), content), result: nothing, ...once },
  deleteRecord: { arguments: tuple(label, text(256)), result: nothing, ...once },
  sign: {
    arguments: tuple(label, algorithm, privateParts, content),
    result: short,
    repeatable: true,
    lane: ([, , { sealed }]) => (sealed === undefined ? "fast" : "computing"),
  },
  verify: {
    arguments: tuple(algorithm, publicParts, content, short),
    result: flag,
    repeatable: true,
    lane: ([algorithm]) => (quick.has(algorithm) ? "fast" : "computing"),
  },
  encrypt: { arguments: tuple(label, seal, content), result: content, ...again },
  decrypt: { arguments: tuple(label, seal, content), result: content, ...again },
  dataKeys: {
    arguments: tuple(label, seal, number),
    result: list(
      record<{ plaintext: Uint8Array; wrapped: Uint8Array }>({ plaintext: short, wrapped: short }),
      10_000,
    ),
    ...again,
  },
  random: { arguments: tuple(label, number), result: content, ...again },
  generateSealed: {
    arguments: tuple(label, oneOf(["ML-DSA-65", "ML-KEM-768"]), seal),
    result: sealedKey,
    ...computing,
  },
  sealEnvelope: {
    arguments: tuple(algorithm, publicParts, content, short),
    result: content,
    ...computing,
  },
  openEnvelope: {
    arguments: tuple(label, algorithm, privateParts, publicParts, content, short),
    result: content,
    ...computing,
  },
  rewrap: {
    arguments: tuple(
      label,
      seal,
      short,
      record<Parameters<DriverOperations["rewrap"]>[3]>({
        algorithm,
        parts: publicParts,
        aad: short,
      }),
    ),
    result: content,
    ...computing,
  },
  counters: {
    arguments: tuple(),
    result: table(table(table(number, 64), 100_000), 10_000),
    ...again,
  },
};

export const operationNames = Object.keys(operations) as OperationName[];
