/** Members of the contract about tokens. Imports nothing from node:. */
import { document, type Method, text } from "../../bus/contract.ts";
import { tenantNameSchema } from "../../tenants/names.ts";
import { driverNameSchema } from "../config.ts";
import { tokenFilterSchema, tokenIdSchema, tokenPageSchema, tokenSchema } from "./answers.ts";

const tenant = text("tenant", tenantNameSchema, "Name of the tenant.");
const driver = text("driver", driverNameSchema, "Name of the driver, for example softhsm.");
const token = text("token", tokenIdSchema, "The token, for example softhsm/defense.");

export const tokenMembers = {
  Tokens: {
    description:
      "Tokens that match, a page at a time: whose each is, where, how far it can be trusted, and what is wrong. One that vanished stays in the list.",
    in: [document("filter", tokenFilterSchema, "Which tokens, and in which order.")],
    out: document("tokens", tokenPageSchema, "A page of tokens."),
    action: "read",
  },
  CreateToken: {
    description:
      "Give the tenant a token of its own: made by us where the driver says so, else the one that who runs the HSM made for it.",
    in: [tenant, driver],
    out: document("token", tokenSchema, "The token as it now stands."),
    action: "tokens",
    changes: true,
    tenant: "tenant",
    object: "driver",
    timeoutSeconds: 60,
  },
  RetryPin: {
    description:
      "Try the PIN that a token refused once more, after its credential was put right. Each refusal counts towards the token's own lock. Always needs a second person.",
    in: [token],
    out: document("token", tokenSchema, "The token as it now stands."),
    action: "tokens",
    changes: true,
    approvals: 1,
    object: "token",
  },
  ResetPin: {
    description:
      "Let the token's security officer set the PIN to what the driver knows, where the token locked it. Always needs a second person.",
    in: [token],
    out: document("token", tokenSchema, "The token as it now stands."),
    action: "tokens",
    changes: true,
    approvals: 1,
    object: "token",
  },
  ForgetToken: {
    description:
      "No longer expect a token that is gone for good, or that holds no key any more. Its keys, if it comes back, belong to nobody. Always needs a second person.",
    in: [token],
    out: document("token", tokenSchema, "The token as it was known."),
    action: "tokens",
    changes: true,
    approvals: 1,
    object: "token",
  },
} as const satisfies Record<string, Method>;
