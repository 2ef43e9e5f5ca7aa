/** Signing, encrypting, keys for data, and envelopes. */
import type { Call } from "../../bus/call.ts";
import { DsecosError } from "../../bus/errors.ts";
import { lengthOfBase64 } from "../../bus/fields.ts";
import type { Answers } from "../area.ts";
import { DriverError } from "../driver/types.ts";
import { asking } from "../errors.ts";
import type { KeyVersion } from "../keys/record.ts";
import type { Tokens } from "../parts.ts";
import type { BlobUse } from "./aad.ts";
import { packBlob, unpackBlob } from "./blob.ts";
import type { useMembers } from "./members.ts";
import type { Meter } from "./meter.ts";
import { bindingOf, privateParts, publicParts, sealOf } from "./parts.ts";
import {
  newestOf,
  type Prepared,
  type PrepareParts,
  prepare,
  versionOf,
  type Wanted,
} from "./prepare.ts";
import { parseRecipient } from "./recipient.ts";
import { askedOf, atToken, withPublic } from "./run.ts";

export interface UseParts extends PrepareParts {
  meter: Meter;
  tokens: Pick<Tokens, "all" | "of">;
}

type TransferInputs = ParametersAfterCall<Answers<typeof useMembers>["Transfer"]>;
type ParametersAfterCall<F> = F extends (call: Call, ...inputs: infer I) => unknown ? I : never;

interface Opened extends Prepared {
  version: KeyVersion;
  body: Buffer;
}

export function createUses(parts: UseParts) {
  const { meter, tokens, jurisdiction } = parts;

  /** Finds the version that a blob names; a blob of none is like one that was changed. */
  async function opening(wanted: Wanted, kind: BlobUse, base64: string): Promise<Opened> {
    const prepared = await prepare(parts, wanted);
    return await asking(askedOf(prepared.token), async () => {
      const { version, body } = unpackBlob(kind, bytesOf(base64));
      const found = versionOf(prepared.record, version);
      if (found !== undefined) return { ...prepared, version: found, body };
      throw new DriverError("authentication", `there is no version ${version}`);
    });
  }

  async function encrypt(
    call: Call,
    wanted: Wanted,
    purpose: string,
    context: string,
    base64: string,
  ): Promise<string> {
    const found = await prepare(parts, wanted);
    const version = newestOf(found.record);
    const plaintext = bytesOf(base64);
    const use = {
      ...{ key: wanted.key, version: version.version, operation: "encrypt", purpose },
      ...{ count: 1, bytes: plaintext.length, encrypts: version.id },
    } as const;
    const seal = sealOf(found.record, version, "data", context);
    try {
      const body = await atToken({ call, meter }, found, use, (driver, label) =>
        driver.encrypt(label, seal, plaintext),
      );
      return packBlob("data", version.version, body).toString("base64");
    } finally {
      plaintext.fill(0);
    }
  }

  async function decrypt(
    call: Call,
    wanted: Wanted,
    kind: "data" | "dataKey",
    purpose: string,
    context: string,
    base64: string,
  ): Promise<string> {
    const found = await opening(wanted, kind, base64);
    const { record, version, body } = found;
    const use = {
      ...{ key: wanted.key, version: version.version, operation: "decrypt", purpose },
      ...{ count: 1, bytes: body.length },
    } as const;
    const seal = sealOf(record, version, kind, context);
    const plaintext = await atToken({ call, meter }, found, use, (driver, label) =>
      driver.decrypt(label, seal, body),
    );
    return given(plaintext);
  }

  const handlers: Answers<typeof useMembers> = {
    async Sign(call, tenant, key, purpose, base64) {
      const found = await prepare(parts, { tenant, key, purpose: "sign", act: "protect" });
      const { record } = found;
      const version = newestOf(record);
      const message = bytesOf(base64);
      const use = {
        ...{ key, version: version.version, operation: "sign", purpose },
        ...{ count: 1, bytes: message.length },
      } as const;
      const signature = await atToken({ call, meter }, found, use, (driver, label) =>
        driver.sign(label, record.algorithm, privateParts(record, version), message),
      );
      return Buffer.from(signature).toString("base64");
    },

    async Verify(call, tenant, key, purpose, base64, signature) {
      const found = await prepare(parts, { tenant, key, purpose: "sign", act: "process" });
      const { record, doubt } = found;
      const message = bytesOf(base64);
      const use = {
        ...{ key, version: 0, operation: "verify", purpose },
        ...{ count: 1, bytes: message.length },
      } as const;
      const valid = await withPublic(call, found, use, async (driver) => {
        for (const version of record.versions.toReversed()) {
          const { algorithm } = record;
          const made = bytesOf(signature);
          if (await driver.verify(algorithm, publicParts(version), message, made)) {
            return version.version;
          }
        }
        return 0;
      });
      call.note({ valid: valid > 0 });
      const why = `${key} is ${doubt}: somebody else may have signed since then.`;
      return { valid: valid > 0, version: valid, doubt: doubt === undefined ? "" : why };
    },

    Encrypt(call, tenant, key, purpose, context, plaintext) {
      const wanted = { tenant, key, purpose: "encrypt", act: "protect" } as const;
      return encrypt(call, wanted, purpose, context, plaintext);
    },

    Decrypt(call, tenant, key, purpose, context, ciphertext) {
      const wanted = { tenant, key, purpose: "encrypt", act: "process" } as const;
      return decrypt(call, wanted, "data", purpose, context, ciphertext);
    },

    async DataKeys(call, tenant, key, purpose, context, count) {
      const found = await prepare(parts, { tenant, key, purpose: "encrypt", act: "protect" });
      const version = newestOf(found.record);
      const use = {
        ...{ key, version: version.version, operation: "dataKeys", purpose },
        ...{ count, bytes: 32 * count, encrypts: version.id },
      } as const;
      const seal = sealOf(found.record, version, "dataKey", context);
      const made = await atToken({ call, meter }, found, use, (driver, label) =>
        driver.dataKeys(label, seal, count),
      );
      const keys = made.map(({ plaintext, wrapped }) => ({
        plaintext: given(plaintext),
        wrapped: packBlob("dataKey", version.version, wrapped).toString("base64"),
      }));
      return { version: version.version, keys };
    },

    DecryptDataKey(call, tenant, key, purpose, context, wrapped) {
      const wanted = { tenant, key, purpose: "encrypt", act: "process" } as const;
      return decrypt(call, wanted, "dataKey", purpose, context, wrapped);
    },

    async Random(call, tenant, purpose, size) {
      const [first, ...others] = await tokens.all(tenant);
      // Says how a tenant without a token gets one.
      const token = first === undefined ? await tokens.of(tenant) : first;
      const places = [token, ...others];
      for (const place of places) {
        const asked = { act: "use", token: place.config.region } as const;
        const decision = await jurisdiction.decide(tenant, asked);
        if (!decision.allowed) continue;
        const use = {
          ...{ key: "", version: 0, operation: "random", purpose },
          ...{ count: 1, bytes: size },
        } as const;
        const where = { token: place, decision, doubt: undefined };
        return given(
          await atToken({ call, meter }, where, use, (driver, label) => driver.random(label, size)),
        );
      }
      await jurisdiction.require(tenant, { act: "use", token: token.config.region });
      throw new DsecosError("Conflict", "The rules were changed just now; try again.");
    },

    async SealEnvelope(call, tenant, key, purpose, context, base64) {
      const found = await prepare(parts, { tenant, key, purpose: "envelope", act: "protect" });
      const { record } = found;
      const version = newestOf(record);
      const plaintext = bytesOf(base64);
      const use = {
        ...{ key, version: version.version, operation: "sealEnvelope", purpose },
        ...{ count: 1, bytes: plaintext.length },
      } as const;
      const aad = bindingOf(record, version.version, "envelope", context);
      try {
        const envelope = await withPublic(call, found, use, (driver) =>
          driver.sealEnvelope(record.algorithm, publicParts(version), plaintext, aad),
        );
        return packBlob("envelope", version.version, envelope).toString("base64");
      } finally {
        plaintext.fill(0);
      }
    },

    async OpenEnvelope(call, tenant, key, purpose, context, base64) {
      const wanted = { tenant, key, purpose: "envelope", act: "process" } as const;
      const found = await opening(wanted, "envelope", base64);
      const { record, version, body } = found;
      const use = {
        ...{ key, version: version.version, operation: "openEnvelope", purpose },
        ...{ count: 1, bytes: body.length },
      } as const;
      const aad = bindingOf(record, version.version, "envelope", context);
      const plaintext = await atToken({ call, meter }, found, use, (driver, label) =>
        driver.openEnvelope(
          label,
          record.algorithm,
          privateParts(record, version),
          publicParts(version),
          body,
          aad,
        ),
      );
      return given(plaintext);
    },

    async Transfer(call, tenant, key, purpose, wrapped, context, asked) {
      const recipient = parseRecipient(asked);
      const wanted = { tenant, key, purpose: "encrypt", act: "process" } as const;
      const whole = { ...wanted, recipient: asked.region };
      const { record, version, body, ...found } = await opening(whole, "dataKey", wrapped);
      const use = {
        ...{ key, version: version.version, operation: "rewrap", purpose },
        ...{ count: 1, bytes: lengthOfBase64(wrapped) },
      } as const;
      const seal = sealOf(record, version, "dataKey", context);
      const envelope = await atToken({ call, meter }, found, use, (driver, label) =>
        driver.rewrap(label, seal, body, recipient),
      );
      return packBlob("envelope", asked.version, envelope).toString("base64");
    },
  };
  return {
    handlers,
    fingerprints: {
      /** An approval holds while the key is as it was: not when it was suspended since, or rotated. */
      async Transfer(_call: Call, ...[tenant, key, , , , asked]: TransferInputs) {
        parseRecipient(asked);
        const wanted = { tenant, key, purpose: "encrypt", act: "process" } as const;
        const { record } = await prepare(parts, { ...wanted, recipient: asked.region });
        return `${record.state} ${record.revision}`;
      },
    },
  };
}

function bytesOf(base64: string): Buffer {
  return Buffer.from(base64, "base64");
}

/** Secret bytes on their way out; what we held of them is overwritten. */
function given(bytes: Uint8Array): string {
  const { buffer, byteOffset, length } = bytes;
  const text = Buffer.from(buffer, byteOffset, length).toString("base64");
  bytes.fill(0);
  return text;
}
