/** Members of the contract that use keys. Imports nothing from node:. */
import * as v from "valibot";
import { content, count, document, type Method, text } from "../../bus/contract.ts";
import { base64Schema, lineSchema } from "../../bus/fields.ts";
import { tenantNameSchema } from "../../tenants/names.ts";
import { regionSchema } from "../algorithms.ts";
import { keyNameSchema } from "../keys/record.ts";

/** Of messages and plaintexts: in base64 and with all else they fit into one message of the bus. */
export const mostContent = 512 * 1024;
/** What a blob or an envelope is longer than its content at most. */
const overhead = 2048;
const mostMessage = Math.ceil(((mostContent + overhead) * 4) / 3) + 8192;

const tenant = text("tenant", tenantNameSchema, "Name of the tenant.");
const key = text("key", keyNameSchema, "Name of the key, for example documents.");
const purpose = text(
  "purpose",
  v.pipe(lineSchema(200), v.minLength(1, "Say what it is for.")),
  "What it is for, as it goes on record, for example 'Invoice 4711'.",
);
const contextSchema = lineSchema(200);
const context = text(
  "context",
  v.optional(contextSchema, ""),
  "What the content belongs to: must be the same again to open it. Goes on record.",
);
const wrappedSchema = v.pipe(base64Schema(256), v.minLength(1, "A wrapped key is not empty."));

const use = { action: "use", changes: true, tenant: "tenant", object: "key" } as const;
const large = { ...use, maxBytes: mostMessage } as const;

export const verdictSchema = v.object({
  valid: v.boolean(),
  /** Version of the key that made the signature; 0 where none did. */
  version: v.number(),
  /** Why a valid signature may not be worth much, from the key's state; empty else. */
  doubt: v.string(),
});

export const dataKeysSchema = v.object({
  /** Version of the key that they are wrapped under. */
  version: v.number(),
  /** In base64: 32 bytes to encrypt data with, and what DecryptDataKey gives them back for. */
  keys: v.array(v.object({ plaintext: v.string(), wrapped: v.string() })),
});

/** Whose key a transfer goes to; the envelope opens for this alone. */
export const recipientSchema = v.strictObject({
  tenant: v.pipe(tenantNameSchema, v.description("Tenant over there, for example mod-defense")),
  key: keyNameSchema,
  version: v.pipe(
    v.number(),
    v.integer(),
    v.minValue(1),
    v.maxValue(0xffff_ffff),
    v.description("Version of that key"),
  ),
  region: v.pipe(regionSchema, v.description("Region where that key was made, for example DE")),
  publicKey: v.pipe(
    base64Schema(4096),
    v.minLength(1, "A public key is not empty."),
    v.description(
      "Its public key as base64 of SubjectPublicKeyInfo: ML-KEM-768 or MLKEM768-P384, for example MIIEsjALBglg",
    ),
  ),
  context: v.optional(
    v.pipe(contextSchema, v.description("What must be given over there to open it")),
    "",
  ),
});

export const useMembers = {
  Sign: {
    description:
      "Sign a message: ECDSA P-384 with SHA-384 as DER, Ed25519, RSASSA-PSS with SHA-384, ML-DSA-65, or the composite of ML-DSA-65 and P-384.",
    in: [tenant, key, purpose, content("message", mostContent, "What is signed, whole.")],
    out: content("signature", 8192, "The signature, by the key's newest version."),
    ...large,
  },
  Verify: {
    description:
      "Whether any version of the key made this signature. Works with keys that no longer sign, and says so.",
    in: [
      tenant,
      key,
      purpose,
      content("message", mostContent, "What was signed, whole."),
      content("signature", 8192, "The signature as Sign gave it."),
    ],
    out: document("verdict", verdictSchema, "Whether it is valid."),
    ...large,
  },
  Encrypt: {
    description: "Encrypt with the newest version of an AES-256 key (AES-256-GCM).",
    in: [tenant, key, purpose, context, content("plaintext", mostContent, "What is encrypted.")],
    out: content("ciphertext", mostContent + overhead, "What Decrypt takes; names the version."),
    ...large,
  },
  Decrypt: {
    description: "Decrypt what Encrypt gave, with whichever version of the key encrypted it.",
    in: [
      tenant,
      key,
      purpose,
      context,
      content("ciphertext", mostContent + overhead, "What Encrypt gave."),
    ],
    out: content("plaintext", mostContent, "What was encrypted."),
    ...large,
  },
  DataKeys: {
    description:
      "Make keys of 32 bytes to encrypt data with, each with itself wrapped by an AES-256 key. However many, they are one receipt, which counts them.",
    in: [
      tenant,
      key,
      purpose,
      context,
      count(
        "count",
        v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1000, "At most 1000 at once.")),
        "How many, 1 to 1000.",
      ),
    ],
    out: document("keys", dataKeysSchema, "The keys and their wrapped forms."),
    ...use,
  },
  DecryptDataKey: {
    description: "Unwrap one key that DataKeys made.",
    in: [tenant, key, purpose, context, content("wrapped", 256, "The wrapped key.")],
    out: content("plaintext", 64, "The key of 32 bytes."),
    ...use,
  },
  Random: {
    description: "Random bytes of the tenant's token.",
    in: [
      tenant,
      purpose,
      count(
        "bytes",
        v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65536, "At most 65536 bytes.")),
        "How many bytes, 1 to 65536.",
      ),
    ],
    out: content("random", 65536, "The bytes."),
    action: "use",
    changes: true,
    tenant: "tenant",
  },
  SealEnvelope: {
    description:
      "Seal for whoever has the private half of an ML-KEM-768 or MLKEM768-P384 key, its newest version.",
    in: [tenant, key, purpose, context, content("plaintext", mostContent, "What is sealed.")],
    out: content("envelope", mostContent + overhead, "What OpenEnvelope takes."),
    ...large,
  },
  OpenEnvelope: {
    description: "Open an envelope that was sealed for this key.",
    in: [
      tenant,
      key,
      purpose,
      context,
      content("envelope", mostContent + overhead, "What SealEnvelope or Transfer gave."),
    ],
    out: content("plaintext", mostContent, "What was sealed."),
    ...large,
  },
  Transfer: {
    description:
      "Turn a wrapped key for data into an envelope for a key elsewhere, where OpenEnvelope gives it back. The key itself does not leave the driver's process.",
    in: [
      tenant,
      key,
      purpose,
      text("wrapped", wrappedSchema, "The wrapped key in base64, for example AQIAAAAB."),
      context,
      document("recipient", recipientSchema, "Whose key it goes to."),
    ],
    out: content("envelope", overhead, "What OpenEnvelope takes over there."),
    action: "transfer",
    changes: true,
    approvals: 1,
    tenant: "tenant",
    object: "key",
  },
} as const satisfies Record<string, Method>;
