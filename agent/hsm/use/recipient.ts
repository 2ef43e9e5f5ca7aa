/** Whose key a transfer goes to, as the driver takes it. */
import type * as v from "valibot";
import { DsecosError } from "../../bus/errors.ts";
import { DriverError, type PublicParts } from "../driver/types.ts";
import { fromSpki, toSpki } from "../pq/spki.ts";
import { aadOf } from "./aad.ts";
import type { recipientSchema } from "./members.ts";

type Asked = v.InferOutput<typeof recipientSchema>;

export interface Recipient {
  algorithm: "ML-KEM-768" | "MLKEM768-P384";
  parts: PublicParts;
  /** What the key over there binds its envelopes to. */
  aad: Uint8Array;
}

const kemBytes = 1184;
const readers: Record<Recipient["algorithm"], (key: Uint8Array) => PublicParts> = {
  "ML-KEM-768": (pq) => ({ pq }),
  "MLKEM768-P384": (both) => ({
    pq: both.subarray(0, kemBytes),
    spki: toSpki("P-384", both.subarray(kemBytes)),
  }),
};

/** @throws DsecosError InvalidArgument where the public key is none that an envelope can be for */
export function parseRecipient(asked: Asked): Recipient {
  const { tenant, key, version, region, context } = asked;
  const spki = Buffer.from(asked.publicKey, "base64");
  for (const algorithm of ["ML-KEM-768", "MLKEM768-P384"] as const) {
    const bare = keyIn(algorithm, spki);
    if (bare === undefined) continue;
    const use = "envelope" as const;
    const aad = aadOf({ tenant, key, version, algorithm, region, use, context });
    return { algorithm, parts: readers[algorithm](bare), aad };
  }
  throw new DsecosError(
    "InvalidArgument",
    "recipient.publicKey: this is no public key of ML-KEM-768 or MLKEM768-P384; give what PublicKey gives over there.",
  );
}

function keyIn(algorithm: Recipient["algorithm"], spki: Uint8Array): Uint8Array | undefined {
  try {
    return fromSpki(algorithm, spki);
  } catch (error) {
    if (error instanceof DriverError && error.kind === "refused") return undefined;
    throw error;
  }
}
