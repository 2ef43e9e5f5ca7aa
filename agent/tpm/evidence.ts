/** What a log holds of a TPM: its enrolment, and what it signed beside a checkpoint. */
import { hash } from "node:crypto";
import * as v from "valibot";
import { canonical } from "../audit/canonical.ts";
import { fromBase64 } from "../audit/tlog/base64.ts";

const base64 = v.pipe(
  v.string(),
  v.check((text) => fromBase64(text) !== undefined, "must be base64"),
);
const hex = v.pipe(v.string(), v.regex(/^([0-9a-f]{2})+$/, "must be hexadecimal"));
const attestation = v.strictObject({ attest: base64, signature: base64 });

/** Member `tpm` of a line of seals. */
export const sealTpmSchema = v.strictObject({
  ak: hex,
  counter: attestation,
  quote: attestation,
  pcrs: v.record(v.string(), hex),
});

export type SealTpm = v.InferOutput<typeof sealTpmSchema>;

/** File `tpm/<name>.json`. */
export const enrolmentSchema = v.strictObject({
  akPublic: base64,
  ekPublic: base64,
  /** DER; the EK's first, then its issuers. Empty for a TPM without a certificate. */
  ekCertificates: v.array(base64),
  counterIndex: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffffffff)),
  counterName: hex,
  manufacturer: v.string(),
  software: v.boolean(),
  from: v.pipe(v.number(), v.integer(), v.minValue(0)),
  activation: v.strictObject({ blob: base64, ephemeral: base64, secret: base64, seed: base64 }),
});

/** With `name`, the name of its file without `.json`. */
export type Enrolment = v.InferOutput<typeof enrolmentSchema> & { name: string };

/**
 * @param name of the file, without `.json`
 * @param text of the file
 * @throws Error with a sentence for what is no enrolment
 */
export function parseEnrolment(name: string, text: string): Enrolment {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Error(`The enrolment ${name} is not JSON.`, { cause });
  }
  const result = v.safeParse(enrolmentSchema, value);
  if (result.success) return { ...result.output, name };
  const [issue] = result.issues;
  throw new Error(
    `The enrolment ${name} has a wrong ${v.getDotPath(issue) ?? "form"}: ${issue.message}.`,
  );
}

/** Details of the event `audit.TpmEnrolled` that tells of an enrolment. */
export function enrolmentDetails({ name, from: _from, ...facts }: Enrolment): {
  ak: string;
  enrolment: string;
  manufacturer: string;
  software: boolean;
} {
  const { manufacturer, software } = facts;
  return { ak: name, enrolment: hash("sha256", canonical(facts)), manufacturer, software };
}
