/** What a seal by the TPM shows, looked at as a verifier does. */
import { checkTpm } from "../../tpm/attest.ts";
import type { Enrolment, SealTpm } from "../../tpm/evidence.ts";
import { parseAttest } from "../../tpm/structures.ts";
import { TpmUnreachable } from "../../tpm/transport.ts";
import type { Shown } from "./assess.ts";
import type { Sealed } from "./types.ts";

/** @returns counter and clock of a seal. */
export function shownBy({ counter, quote }: SealTpm): Shown {
  const { attested } = parseAttest(Buffer.from(counter.attest, "base64"));
  if (attested.type !== "nv") throw new Error("the last seal by the TPM has no counter");
  const { clock } = parseAttest(Buffer.from(quote.attest, "base64"));
  return { counter: attested.contents.readBigUInt64BE(), clock };
}

/** What a verifier would refuse is not put on record. */
export function requireSound(enrolment: Enrolment, sealed: Sealed, tpm: SealTpm): void {
  const seal = { line: 1, checkpointText: sealed.text, tpm };
  const [problem] = checkTpm([enrolment], [seal], []).filter(({ severity }) => severity === "E");
  if (problem !== undefined) throw new TpmUnreachable(problem.text);
}
