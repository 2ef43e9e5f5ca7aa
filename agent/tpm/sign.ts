/** The TPM's part of a checkpoint: the counter raised and certified, and the registers quoted. */
import { hash } from "node:crypto";
import type { Enrolment, SealTpm } from "./evidence.ts";
import { certifyCounter, incrementCounter } from "./nv.ts";
import { quote, readPcrs } from "./platform.ts";
import { parseAttest, quotedPcrs } from "./structures.ts";
import { TpmUnreachable, type Transport } from "./transport.ts";

/** Registers can change between reading and quoting them. */
const tries = 3;

export interface SealRequest {
  enrolment: Enrolment;
  /** Handle of the enrolment's AK. */
  ak: number;
  /** The counter's. */
  password: Buffer;
  checkpointText: string;
  /** False where the counter has a value already that no seal has. */
  increment: boolean;
}

export async function signCheckpointByTpm(
  transport: Transport,
  { enrolment, ak, password, checkpointText, increment }: SealRequest,
): Promise<SealTpm> {
  const binding = hash("sha256", checkpointText, "buffer");
  const index = enrolment.counterIndex;
  if (increment) await incrementCounter(transport, index, password);
  const counter = await certifyCounter(transport, ak, index, password, binding);
  for (let attempt = 0; attempt < tries; attempt++) {
    const values = await readPcrs(transport, quotedPcrs);
    const digests = quotedPcrs.map((pcr) => values.get(pcr) ?? Buffer.alloc(0));
    if (digests.some(({ length }) => length !== 32)) break;
    const quoted = await quote(transport, ak, quotedPcrs, binding);
    const { attested } = parseAttest(quoted.attest);
    const digest = hash("sha256", Buffer.concat(digests), "buffer");
    if (attested.type !== "quote" || !attested.digest.equals(digest)) continue;
    const pcrs = quotedPcrs.map((pcr, at) => [pcr, digests[at]?.toString("hex")]);
    return {
      ak: enrolment.name,
      counter: encoded(counter),
      quote: encoded(quoted),
      pcrs: Object.fromEntries(pcrs),
    };
  }
  throw new TpmUnreachable(
    "The TPM's registers cannot be quoted; see whether tpm2_pcrread(1) shows a SHA-256 bank.",
  );
}

function encoded({ attest, signature }: { attest: Buffer; signature: Buffer }): SealTpm["quote"] {
  return { attest: attest.toString("base64"), signature: signature.toString("base64") };
}
