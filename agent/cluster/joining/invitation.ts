/**
 * What a member gives to let one node in: Incus's token, and what the new node needs to know of the
 * cluster to be sure, before it changes anything, that it may join. All of it is secret for the token's
 * sake; no error says a word of it.
 */
import { X509Certificate } from "node:crypto";
import * as v from "valibot";
import { DsecosError } from "../../bus/errors.ts";
import { timeSchema } from "../../bus/fields.ts";
import { memberNameSchema } from "../members/names.ts";
import { addressSchema } from "./answers.ts";

const short = v.pipe(v.string(), v.maxLength(100));
/** Names that are told; where there are more, Incus itself refuses what it already has. */
export const mostNames = 200;
const names = v.pipe(v.array(short), v.maxLength(mostNames));

const invitationSchema = v.object({
  format: v.literal(1),
  /** For whom it is. */
  node: memberNameSchema,
  /** HOST:PORT of the member that invites. */
  peer: addressSchema,
  /** Incus's own, for this one node. */
  token: v.pipe(v.string(), v.regex(/^[A-Za-z0-9+/]+=*$/), v.maxLength(8192)),
  /** The cluster's, PEM. */
  certificate: v.pipe(v.string(), v.maxLength(8192)),
  /** By the inviting member's clock. */
  at: timeSchema,
  expiresAt: timeSchema,
  versions: v.object({ agent: short, incus: short }),
  members: names,
  pools: names,
  networks: names,
});

export type Invitation = v.InferOutput<typeof invitationSchema>;

const unreadable =
  "This is no invitation: give what “dsecos cluster invite” printed at a member, whole.";

/** @param base64 as it came over the bus. @throws DsecosError that has nothing of it */
export function readInvitation(base64: string): Invitation {
  const text = Buffer.from(base64, "base64").toString("utf8").trim();
  // A terminal shows content as base64, and so it may have been copied.
  const json = text.startsWith("{") ? text : Buffer.from(text, "base64").toString("utf8");
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    // What the parser says would quote the text.
    throw new DsecosError("InvalidArgument", unreadable);
  }
  const result = v.safeParse(invitationSchema, value);
  if (!result.success) throw new DsecosError("InvalidArgument", unreadable);
  return result.output;
}

export function writeInvitation(invitation: Invitation): string {
  return Buffer.from(`${JSON.stringify(invitation)}\n`).toString("base64");
}

/** @returns SHA-256 of a certificate, as Incus names it. @throws DsecosError where it is none */
export function fingerprintOf(pem: string): string {
  try {
    return new X509Certificate(pem).fingerprint256.replaceAll(":", "").toLowerCase();
  } catch {
    throw new DsecosError("InvalidArgument", unreadable);
  }
}
