/**
 * Checks of what a TPM signed beside checkpoints, by packaging/doc/audit-format.md ("TPM"). No
 * input or output, no TPM: for the verifier on any machine.
 */
import { hash, type KeyObject, verify, type X509Certificate } from "node:crypto";
import { FormError } from "./codec.ts";
import { alg, objectAttribute } from "./constants.ts";
import { credentialBlob } from "./credential.ts";
import { endorsementProblem, namesSoftware } from "./endorsement.ts";
import { type Enrolment, enrolmentDetails, type SealTpm } from "./evidence.ts";
import {
  type Attest,
  type Clock,
  counterName,
  nameOf,
  parseAttest,
  parsePublic,
  pcrSelection,
  publicKeyOf,
  qualifiedName,
  quotedPcrs,
} from "./structures.ts";

export interface Finding {
  code: string;
  severity: "E" | "W";
  evidence: "tpm";
  /** One or two sentences. */
  text: string;
  /** Number of the line of seals that it is about. */
  seal?: number;
}

export interface TpmSeal {
  /** Number of the line of seals. */
  line: number;
  /** The checkpoint's text, which the log's signature is over. */
  checkpointText: string;
  tpm: SealTpm;
}

/** What the seals of one AK have shown so far. */
interface Known {
  key: KeyObject;
  signer: Buffer;
  counterName: Buffer;
  counter: bigint | undefined;
  clock: Clock | undefined;
}

/** Checks seals one after the other; there may be more of them than memory holds. */
export class TpmChecker {
  readonly #keys = new Map<string, Known>();
  readonly #enrolled: ReadonlySet<string>;
  #findings: Finding[] = [];

  /** @param trustedRoots certificates of TPM manufacturers; none makes `tpm.ek` a warning */
  constructor(enrolments: readonly Enrolment[], trustedRoots: readonly X509Certificate[]) {
    this.#enrolled = new Set(enrolments.map(({ name }) => name));
    const tell: Tell = (code, text, severity = "E") =>
      this.#findings.push({ code, severity, evidence: "tpm", text });
    for (const enrolment of enrolments) {
      const known = checkEnrolment(enrolment, trustedRoots, tell);
      if (known !== undefined) this.#keys.set(enrolment.name, known);
    }
  }

  /** @param seal one with `tpm`; they come in the order of their lines */
  check(seal: TpmSeal): void {
    const tell: Tell = (code, text, severity = "E") =>
      this.#findings.push({ code, severity, evidence: "tpm", text, seal: seal.line });
    const known = this.#keys.get(seal.tpm.ak);
    if (known !== undefined) checkSeal(seal, known, tell);
    // What is wrong with an enrolment has been told once.
    else if (!this.#enrolled.has(seal.tpm.ak))
      tell("tpm.ak", `No TPM with the attestation key ${seal.tpm.ak} is enrolled.`);
  }

  /** @returns what was found since the last call. */
  take(): Finding[] {
    const found = this.#findings;
    this.#findings = [];
    return found;
  }
}

/**
 * @param seals those with `tpm`, in the order of their lines
 * @param trustedRoots certificates of TPM manufacturers; none makes `tpm.ek` a warning
 */
export function checkTpm(
  enrolments: readonly Enrolment[],
  seals: readonly TpmSeal[],
  trustedRoots: readonly X509Certificate[],
): Finding[] {
  const checker = new TpmChecker(enrolments, trustedRoots);
  for (const seal of seals) checker.check(seal);
  return checker.take();
}

/**
 * @param event at the enrolment's `from`; undefined when there is none
 * @returns `tpm.ak` when the log does not tell of the enrolment
 */
export function checkEnrolled(
  enrolment: Enrolment,
  event: { action?: unknown; details?: unknown } | undefined,
): Finding[] {
  const told = event?.action === "audit.TpmEnrolled" ? event.details : undefined;
  const details = (typeof told === "object" && told !== null ? told : {}) as Record<
    string,
    unknown
  >;
  const facts = Object.entries(enrolmentDetails(enrolment));
  if (facts.every(([name, value]) => details[name] === value)) return [];
  const text = `Event ${enrolment.from} does not tell of the enrolment of ${enrolment.name}.`;
  return [{ code: "tpm.ak", severity: "E", evidence: "tpm", text }];
}

type Tell = (code: string, text: string, severity?: "E" | "W") => void;

/** @returns undefined when nothing that the key signed can be checked. */
function checkEnrolment(
  enrolment: Enrolment,
  roots: readonly X509Certificate[],
  tell: Tell,
): Known | undefined {
  const akPublic = Buffer.from(enrolment.akPublic, "base64");
  const ekPublic = Buffer.from(enrolment.ekPublic, "base64");
  const certificates = enrolment.ekCertificates.map((text) => Buffer.from(text, "base64"));
  const what = `the TPM that event ${enrolment.from} enrolled`;
  let key: KeyObject;
  let name: Buffer;
  try {
    const area = parsePublic(akPublic);
    key = publicKeyOf(area);
    name = nameOf(akPublic);
    const { fixedTpm, fixedParent, restricted, sign, decrypt } = objectAttribute;
    const required = fixedTpm | fixedParent | restricted | sign;
    if ((area.attributes & (required | decrypt)) !== required)
      tell("tpm.ak", `The key of ${what} is not bound to it: its attributes are wrong.`);
    const { scheme } = area;
    const isP256 = area.key.type === "ecc" && area.key.curve === "P-256";
    if (!isP256 || scheme?.id !== alg.ecdsa || scheme.hash !== alg.sha256) {
      tell("tpm.ak", `The key of ${what} does not sign by ECDSA on P-256 with SHA-256.`);
      return undefined;
    }
    if (name.toString("hex") !== enrolment.name)
      tell("tpm.ak", `The key of ${what} has another name than its file.`);
    checkActivation(enrolment, ekPublic, name, what, tell);
  } catch (error) {
    if (!(error instanceof FormError)) throw error;
    tell("tpm.form", `A key of ${what} cannot be read: it ${error.message}.`);
    return undefined;
  }
  if (counterName(enrolment.counterIndex).toString("hex") !== enrolment.counterName)
    tell("tpm.counter", `What ${what} counts with is no monotonic counter of the agreed form.`);
  const problem = endorsementProblem(ekPublic, certificates, roots);
  if (problem !== undefined) tell("tpm.ek", `Of ${what}: ${problem}`, roots.length > 0 ? "E" : "W");
  tell(
    "tpm.self",
    `${capital(what)} was enrolled by the node itself: that its key is in the TPM of the endorsement key rests on the node's word at that time.`,
    "W",
  );
  if (enrolment.software || certificates.slice(0, 1).some(namesSoftware))
    tell(
      "tpm.software",
      `${capital(what)} is a program: whoever has root on its host can copy it and set it back.`,
      "W",
    );
  return {
    key,
    signer: qualifiedName(name),
    counterName: Buffer.from(enrolment.counterName, "hex"),
    counter: undefined,
    clock: undefined,
  };
}

function checkActivation(
  { activation }: Enrolment,
  ekPublic: Buffer,
  name: Buffer,
  what: string,
  tell: Tell,
): void {
  const [blob, secret, seed] = [activation.blob, activation.secret, activation.seed].map((text) =>
    Buffer.from(text, "base64"),
  ) as [Buffer, Buffer, Buffer];
  if (!credentialBlob(ekPublic, seed, secret, name).equals(blob))
    tell("tpm.ak", `The activation of ${what} was made for another key.`);
}

function checkSeal({ checkpointText, tpm }: TpmSeal, known: Known, tell: Tell): void {
  const binding = hash("sha256", checkpointText, "buffer");
  const counter = signed(tpm.counter, "counter", known, tell);
  if (counter !== undefined) checkCounter(counter, binding, known, tell);
  const quote = signed(tpm.quote, "quote", known, tell);
  if (quote !== undefined) checkQuote(quote, tpm.pcrs, binding, known, tell);
}

/** @returns undefined for what cannot be read or is not signed: it is not looked at further. */
function signed(
  { attest, signature }: SealTpm["counter"],
  what: string,
  known: Known,
  tell: Tell,
): Attest | undefined {
  const bytes = Buffer.from(attest, "base64");
  const key = { key: known.key, dsaEncoding: "ieee-p1363" } as const;
  let parsed: Attest;
  try {
    parsed = parseAttest(bytes);
  } catch (error) {
    if (!(error instanceof FormError)) throw error;
    tell("tpm.form", `The attestation of the ${what} cannot be read: it ${error.message}.`);
    return undefined;
  }
  if (verify("sha256", bytes, key, Buffer.from(signature, "base64"))) return parsed;
  tell("tpm.signature", `The attestation of the ${what} is not signed by the TPM's key.`);
  return undefined;
}

function checkCounter(counter: Attest, binding: Buffer, known: Known, tell: Tell): void {
  checkCommon(counter, "counter", binding, known, tell);
  const { attested } = counter;
  if (attested.type !== "nv") {
    tell("tpm.form", "In place of the counter something else is attested.");
    return;
  }
  if (!attested.indexName.equals(known.counterName)) {
    tell("tpm.counter", "This is not the counter that was enrolled.");
    return;
  }
  if (attested.offset !== 0 || attested.contents.length !== 8) {
    tell("tpm.counter", "The counter's value is not attested as a whole.");
    return;
  }
  const value = attested.contents.readBigUInt64BE();
  const before = known.counter;
  if (before !== undefined && value <= before)
    tell("tpm.counter", `The TPM's counter went from ${before} to ${value}; it must rise.`);
  known.counter = value;
}

function checkQuote(
  quote: Attest,
  pcrs: SealTpm["pcrs"],
  binding: Buffer,
  known: Known,
  tell: Tell,
): void {
  checkCommon(quote, "quote", binding, known, tell);
  const { attested } = quote;
  if (attested.type !== "quote") {
    tell("tpm.form", "In place of the quote something else is attested.");
    return;
  }
  const values = quotedPcrs.map((pcr) => Buffer.from(pcrs[pcr] ?? "", "hex"));
  const complete =
    Object.keys(pcrs).length === quotedPcrs.length && values.every(({ length }) => length === 32);
  if (!complete || !attested.selection.equals(pcrSelection()))
    tell("tpm.pcr", `The quote is not of the registers ${quotedPcrs.join(", ")} with SHA-256.`);
  else if (!hash("sha256", Buffer.concat(values), "buffer").equals(attested.digest))
    tell("tpm.pcr", "The values of the registers are not the quoted ones.");
}

/** What counter and quote have in common: the signer, the checkpoint, and the TPM's time. */
function checkCommon(
  { signer, extraData, clock }: Attest,
  what: string,
  binding: Buffer,
  known: Known,
  tell: Tell,
): void {
  if (!signer.equals(known.signer))
    tell("tpm.ak", `The ${what}'s signer has another qualified name than a key of this TPM has.`);
  if (!extraData.equals(binding))
    tell("tpm.binding", `The ${what} was attested for something else than this checkpoint.`);
  const before = known.clock;
  if (!clock.safe)
    tell("tpm.clock", `At the ${what} the TPM's clock was not safe: its state may be older.`);
  if (before !== undefined) {
    const sameReset = clock.resetCount === before.resetCount;
    if (clock.resetCount < before.resetCount)
      tell("tpm.clock", `The TPM's reset count fell to ${clock.resetCount} at the ${what}.`);
    else if (sameReset && clock.restartCount < before.restartCount)
      tell("tpm.clock", `The TPM's restart count fell to ${clock.restartCount} at the ${what}.`);
    if (clock.clock < before.clock)
      tell("tpm.clock", `The TPM's clock went back from ${before.clock} ms to ${clock.clock} ms.`);
  }
  known.clock = clock;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
