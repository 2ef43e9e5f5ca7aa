/** Everything that a driver can be asked for, put together from its parts. */

import type { Log } from "../../../log.ts";
import type { DriverConfig } from "../../config.ts";
import { isPqSigner } from "../../pq/operations.ts";
import { isTokenAlgorithm } from "../pkcs11/keytypes.ts";
import { initialize, loadModule } from "../pkcs11/module.ts";
import { mechanismNumbers } from "../pkcs11/numbers.ts";
import { DriverError, type DriverOperations } from "../types.ts";
import { Agreement } from "./agreement.ts";
import { KeyCalls } from "./calls.ts";
import { Counters } from "./counters.ts";
import { Inventory } from "./inventory.ts";
import { Keys } from "./keys.ts";
import { hostPq } from "./pq.ts";
import { Records } from "./records.ts";
import { Refusals } from "./refusals.ts";
import { readPins } from "./secret.ts";
import { Tokens } from "./tokens.ts";
import { KeyUse, objectOf } from "./use.ts";
import { verify } from "./verify.ts";

export interface HostParts {
  operations: DriverOperations;
  counters: Counters;
  pinSource: "none" | "credential";
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
  const numbers = mechanismNumbers(config.numbers);
  const counters = new Counters(state, log);
  const refusals = new Refusals(state);
  const module = loadModule(config.module);
  initialize(module);
  const tokens = new Tokens(module, pins, refusals, log, broken);
  const keys = new Keys(tokens, numbers);
  const calls = new KeyCalls(module, numbers, config.concurrency > 1);
  const use = new KeyUse(tokens, keys, calls, numbers, counters);
  const records = new Records(tokens);
  const ours = config.tokens === "created" && config.pin.form === "derived";
  const inventory = new Inventory(tokens, pins, ours);
  const pq = hostPq(use, new Agreement(tokens, keys, calls, numbers), counters);
  const operations: DriverOperations = {
    module: async () => inventory.module(),
    tokens: async () => inventory.tokens(),
    createToken: async (token) => inventory.createToken(token),
    resetPin: async (token) => await inventory.resetPin(token),
    retryPin: async (token) => tokens.retryPin(token),
    generateKey: (token, id, algorithm) => keys.generate(token, id, algorithm),
    generateAgreementKey: (token, id) => keys.generateAgreement(token, id),
    destroyKey: (token, id) => keys.destroy(token, id),
    keys: (token) => keys.keys(token),
    key: (token, id) => keys.key(token, id),
    records: (token) => records.all(token),
    writeRecord: (token, label, value) => records.write(token, label, value),
    deleteRecord: (token, label) => records.remove(token, label),
    async sign(token, algorithm, parts, message) {
      if (isPqSigner(algorithm)) return await pq.sign(token, algorithm, parts, message);
      if (!isTokenAlgorithm(algorithm)) {
        throw new DriverError("refused", `a key ${algorithm} does not sign`);
      }
      return await use.sign(token, algorithm, objectOf(parts, algorithm), message);
    },
    async verify(algorithm, parts, message, signature) {
      if (isPqSigner(algorithm)) return await pq.verify(algorithm, parts, message, signature);
      return verify(algorithm, parts, message, signature);
    },
    encrypt: (token, seal, plaintext) => use.encrypt(token, seal, plaintext),
    decrypt: (token, seal, blob) => use.decrypt(token, seal, blob),
    dataKeys: async (token, seal, count) => await use.dataKeys(token, seal, count),
    random: async (token, bytes) => await use.random(token, bytes),
    generateSealed: pq.generateSealed,
    sealEnvelope: pq.sealEnvelope,
    openEnvelope: pq.openEnvelope,
    rewrap: pq.rewrap,
    counters: async () => counters.all(),
  };
  return { operations, counters, pinSource: pins.source };
}
