import * as v from "valibot";
import { defineInterface, text } from "../bus/contract.ts";
import { ceremonyMembers } from "./ceremony/members.ts";
import { driverMembers } from "./drivers/members.ts";
import { jurisdictionMembers } from "./jurisdiction/members.ts";
import { keyMembers } from "./keys/members.ts";
import { certificateMembers } from "./pki/members.ts";
import { statementMembers } from "./statement/members.ts";
import { tokenMembers } from "./tokens/members.ts";
import { useMembers } from "./use/members.ts";
import { watchMembers } from "./watch/members.ts";

const everybody = ["viewer", "operator", "officer", "auditor"] as const;

export const hsm = defineInterface({
  name: "org.dsecos.Hsm1",
  subsystem: "hsm",
  description:
    "Keys that never leave their token: per tenant, per jurisdiction, every use on record.",
  path: "/org/dsecos/hsm",
  actions: {
    read: { description: "See tokens and keys", roles: everybody },
    keys: { description: "Create and rotate keys, and change their states", roles: ["officer"] },
    use: { description: "Sign, encrypt and decrypt with keys", roles: ["operator", "officer"] },
    tokens: { description: "Make tokens and put their PINs right", roles: ["officer"] },
    rules: { description: "Set where a tenant's keys may live and be used", roles: ["officer"] },
    transfer: { description: "Hand keys for data over to others", roles: ["officer"] },
    ceremony: { description: "Hold key ceremonies", roles: ["officer"] },
    authority: { description: "Make and run certificate authorities", roles: ["officer"] },
    certify: {
      description: "Issue, renew and revoke certificates",
      roles: ["operator", "officer"],
    },
    statement: {
      description: "See statements of how keys were used",
      roles: ["officer", "auditor"],
    },
  },
  methods: {
    ...driverMembers,
    ...tokenMembers,
    ...keyMembers,
    ...watchMembers,
    ...jurisdictionMembers,
    ...useMembers,
    ...statementMembers,
    ...ceremonyMembers,
    ...certificateMembers,
  },
  signals: {
    Changed: text(
      "what",
      v.string(),
      "What changed: drivers, tokens, ceremonies, or keys or certificates and the tenant's name.",
    ),
  },
});
