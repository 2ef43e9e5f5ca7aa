/** Everything that a driver can be asked for, put together from its parts. */

import type { Log } from "../../../log.ts";
import type { Algorithm } from "../../algorithms.ts";
import type { DriverConfig } from "../../config.ts";
import { isPqSigner } from "../../pq/operations.ts";
import { fromSpki } from "../../pq/spki.ts";
import { isTokenAlgorithm } from "../pkcs11/keytypes.ts";
import { initialize, loadModule } from "../pkcs11/module.ts";
import { driverNumbers } from "../pkcs11/numbers.ts";
import { DriverError, type DriverOperations, type PinSource, type PublicParts } from "../types.ts";
import { Agreement } from "./agreement.ts";
import { KeyCalls } from "./calls.ts";
import { Counted } from "./counted.ts";
import { Counters } from "./counters.ts";
import { Disk } from "./disk.ts";
import { Inventory } from "./inventory.ts";
import { Keys } from "./keys.ts";
import { hostPq } from "./pq.ts";
import { Records } from "./records.ts";
import { Refusals } from "./refusals.ts";
import { readPins } from "./secret.ts";
import { Tokens } from "./tokens.ts";
import { KeyUse } from "./use.ts";
import { verify } from "./verify.ts";

export interface HostParts {
  operations: DriverOperations;
  counters: Counters;
  pinSource: PinSource;
}

export interface HostOptions {
  config: DriverConfig;
  /** Where systemd put the credentials. */
  credentials: string | undefined;
  /** Where counts and refused PINs are kept. */
  state: string;
  log: Log;
  /** Ends the process when the module is of no use any more. */
  broken: (why: string) => never;
}

/** Loads the module. @throws Error that says why it cannot be used */
export function createOperations(options: HostOptions): HostParts {
  const { config, credentials, state, log, broken } = options;
  const pins = readPins(config.pin, credentials);
  const numbers = driverNumbers(config.numbers);
  const counters = new Counters(state, log);
  const refusals = new Refusals(state);
  const module = loadModule(config.module);
  initialize(module);
  // Half of what a call may take, so that the other half is left for what it waited for.
  const waitMs = config.deadlineSeconds * 500;
  const tokens = new Tokens(module, pins, refusals, log, broken, waitMs);
  const keys = new Keys(tokens, numbers);
  const calls = new KeyCalls(module, numbers, config.concurrency > 1);
  const use = new KeyUse(tokens, keys, calls, numbers);
  const records = new Records(tokens);
  const ours = config.tokens === "created" && config.pin.form === "derived";
  const inventory = new Inventory(tokens, pins, ours);
  const pq = hostPq(use, new Agreement(tokens, keys, calls, numbers));
  const counted = new Counted(counters);
  const disk = new Disk(state);
  const operations: DriverOperations = {
    module: async () => inventory.module(),
    tokens: async () => inventory.tokens(),
    async createToken(token) {
      disk.requireRoom();
      // It was here once: where it was taken away and put back, only a module begun anew sees it.
      if (counters.hasToken(token)) await inventory.lookAnew(token);
      return inventory.createToken(token);
    },
    async resetPin(token) {
      disk.requireRoom();
      await inventory.resetPin(token);
    },
    retryPin: async (token) => tokens.retryPin(token),
    async generateKey(token, id, algorithm) {
      disk.requireRoom();
      return await keys.generate(token, id, algorithm);
    },
    async generateAgreementKey(token, id) {
      disk.requireRoom();
      return await keys.generateAgreement(token, id);
    },
    destroyKey: (token, id) => keys.destroy(token, id),
    keys: (token) => keys.keys(token),
    key: (token, id) => keys.key(token, id),
    records: (token) => records.all(token),
    async writeRecord(token, label, value) {
      disk.requireRoom();
      await records.write(token, label, value);
    },
    deleteRecord: (token, label) => records.remove(token, label),
    sign: (token, algorithm, parts, message) =>
      counted.use(token, "sign", parts, () => {
        if (isTokenAlgorithm(algorithm) && parts.id !== undefined && parts.sealed === undefined) {
          return use.sign(token, algorithm, parts.id, message);
        }
        if (isPqSigner(algorithm)) return pq.sign(token, algorithm, parts, message);
        throw new DriverError("refused", `these are no parts of a key ${algorithm} that signs`);
      }),
    async verify(algorithm, parts, message, signature) {
      if (isPqSigner(algorithm)) {
        return await pq.verify(algorithm, pqParts(algorithm, parts), message, signature);
      }
      return verify(algorithm, parts, message, signature);
    },
    encrypt: (token, seal, plaintext) =>
      counted.use(token, "encrypt", { id: seal.id }, () => use.encrypt(token, seal, plaintext)),
    decrypt: (token, seal, blob) =>
      counted.use(token, "decrypt", { id: seal.id }, () => use.decrypt(token, seal, blob)),
    async dataKeys(token, seal, count) {
      const work = () => use.dataKeys(token, seal, count);
      return await counted.use(token, "dataKeys", { id: seal.id }, work, count);
    },
    random: async (token, bytes) => await use.random(token, bytes),
    generateSealed: (token, algorithm, seal) =>
      counted.use(token, "generateSealed", { id: seal.id }, () =>
        pq.generateSealed(token, algorithm, seal),
      ),
    sealEnvelope: pq.sealEnvelope,
    openEnvelope: (token, algorithm, parts, publicParts, envelope, aad) =>
      counted.use(token, "openEnvelope", parts, () =>
        pq.openEnvelope(token, algorithm, parts, publicParts, envelope, aad),
      ),
    rewrap: (token, seal, blob, recipient) =>
      counted.use(token, "rewrap", { id: seal.id }, () => pq.rewrap(token, seal, blob, recipient)),
    counters: async () => counters.all(),
  };
  return { operations, counters, pinSource: pins.source };
}

/** Of a key that is in a token, the public half is a SubjectPublicKeyInfo as that of all others. */
function pqParts(algorithm: Algorithm, parts: PublicParts): PublicParts {
  if (algorithm !== "ML-DSA-65" || parts.pq !== undefined || parts.spki === undefined) return parts;
  return { pq: fromSpki("ML-DSA-65", parts.spki) };
}
