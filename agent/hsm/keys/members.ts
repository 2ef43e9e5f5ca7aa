/** Members of the contract about keys. Imports nothing from node:. */
import * as v from "valibot";
import { count, document, type Method, text } from "../../bus/contract.ts";
import { identifierSchema } from "../../bus/fields.ts";
import { tenantNameSchema } from "../../tenants/names.ts";
import {
  destroyDaysSchema,
  keyDetailSchema,
  keyFilterSchema,
  keyPageSchema,
  keyRowSchema,
  keySpecSchema,
  publicKeySchema,
  reasonSchema,
  rotationDaysSchema,
} from "./answers.ts";
import { keyNameSchema } from "./record.ts";

const tenant = text("tenant", tenantNameSchema, "Name of the tenant.");
const key = text("key", keyNameSchema, "Name of the key.");
const reason = text("reason", reasonSchema, "Why, for the record.");
const job = text("job", identifierSchema, "Id of the job.");
const row = document("key", keyRowSchema, "The key as it now stands.");

const change = { action: "keys", changes: true, tenant: "tenant", object: "key" } as const;

export const keyMembers = {
  Keys: {
    description:
      "Keys that match, a page at a time, of one tenant or all. Tokens that could not be read are named: their keys are not gone.",
    in: [document("filter", keyFilterSchema, "Which keys, and in which order.")],
    out: document("keys", keyPageSchema, "A page of keys."),
    action: "read",
  },
  Key: {
    description:
      "All of one key: its versions, its history, and what the token says of each, read back just now.",
    in: [tenant, key],
    out: document("key", keyDetailSchema, "The key."),
    action: "read",
    tenant: "tenant",
    object: "key",
  },
  PublicKey: {
    description: "The public half of a version, as SubjectPublicKeyInfo.",
    in: [
      tenant,
      key,
      count(
        "version",
        v.pipe(v.number(), v.integer(), v.maxValue(1_000_000)),
        "Which version; 0 for the newest.",
      ),
    ],
    out: document("public", publicKeySchema, "The public key."),
    action: "read",
    tenant: "tenant",
    object: "key",
  },
  CreateKey: {
    description:
      "Make a key in the tenant's token. It never leaves the token; what the token has no mechanism for is sealed under it, which is said of the key.",
    in: [tenant, document("spec", keySpecSchema, "What the key is.")],
    out: job,
    action: "keys",
    changes: true,
    job: true,
    tenant: "tenant",
    object: "spec.name",
  },
  Rotate: {
    description:
      "Make a new version, which protects from now on; older ones only open and verify what they protected.",
    in: [tenant, key],
    out: job,
    ...change,
    job: true,
  },
  Activate: {
    description: "Allow a key to be used that was made for later.",
    in: [tenant, key, reason],
    out: row,
    ...change,
  },
  Suspend: {
    description: "Stop a key from protecting anything, until it is resumed.",
    in: [tenant, key, reason],
    out: row,
    ...change,
  },
  Resume: {
    description: "Let a suspended key protect again.",
    in: [tenant, key, reason],
    out: row,
    ...change,
  },
  Deactivate: {
    description: "Stop a key from protecting anything, for good; it still opens and verifies.",
    in: [tenant, key, reason],
    out: row,
    ...change,
  },
  Compromise: {
    description: "Put on record that others may have the key; it protects nothing any more.",
    in: [tenant, key, reason],
    out: row,
    ...change,
  },
  SetRotation: {
    description: "Rotate the key by itself every so many days, counted from now; 0 for never.",
    in: [tenant, key, count("days", rotationDaysSchema, "Days between rotations; 0 for none.")],
    out: row,
    ...change,
  },
  Destroy: {
    description:
      "Destroy the key in 7 to 30 days; until then it protects nothing, and that can be cancelled. What it encrypted is lost then. Always needs a second person.",
    in: [tenant, key, count("wait", destroyDaysSchema, "Days until it is destroyed, 7 to 30.")],
    out: row,
    ...change,
    approvals: 1,
  },
  CancelDestroy: {
    description: "Keep a key that was to be destroyed; it goes back to the state of before.",
    in: [tenant, key, reason],
    out: row,
    ...change,
  },
} as const satisfies Record<string, Method>;
