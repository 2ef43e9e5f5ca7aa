/** The record of a complete ceremony: what is signed, how it is printed, and how it is verified. */
import { createPublicKey, hash, verify } from "node:crypto";
import { canonical } from "../../audit/canonical.ts";
import { DsecosError } from "../../bus/errors.ts";
import type { CeremonyRecord } from "./answers.ts";
import type { CeremonyState, Signed } from "./state.ts";

export const recordFormat = "dsecos-ceremony-1";

export const rehearsalMark = "REHEARSAL: held on the rehearsal token; nothing of it is of use.";

/** What is signed: everything up to the confirmations of the last step, and the key that signs. */
interface Document {
  format: typeof recordFormat;
  marking: string;
  rehearsal: boolean;
  node: string;
  ceremony: string;
  script: { name: string; title: string; hash: string };
  options: Record<string, string | undefined>;
  startedAt: string;
  startedBy: { user: string; uid: number };
  steps: {
    name: string;
    title: string;
    text: string;
    role: string;
    act: string;
    confirmedBy: { user: string; uid: number; at: string }[];
    facts: { name: string; value: string }[];
  }[];
  signer: { token: string; publicKey: string; fingerprint: string };
}

type Signer = Omit<Signed, "signature">;

export function documentOf(state: CeremonyState, signer: Signer): Document {
  const { started } = state;
  return {
    format: recordFormat,
    marking: started.rehearsal ? rehearsalMark : "",
    rehearsal: started.rehearsal,
    node: started.node,
    ceremony: state.id,
    script: { name: started.script, title: started.title, hash: started.scriptHash },
    options: started.options,
    startedAt: started.at,
    startedBy: { user: started.by.user, uid: started.by.uid },
    steps: state.steps.map(({ script, confirmations, facts }, i) => ({
      ...{ name: script.name, title: script.title, text: script.text },
      ...{ role: script.role, act: script.act },
      confirmedBy: confirmations.map(({ user, uid, at }) => ({ user, uid, at })),
      // Those of the last step are the signature itself.
      facts: i === state.steps.length - 1 ? [] : facts,
    })),
    signer: {
      token: signer.token,
      publicKey: pem(signer.spki),
      fingerprint: fingerprintOf(signer.spki),
    },
  };
}

export const bytesOf = (state: CeremonyState, signer: Signer): Buffer =>
  Buffer.from(canonical(documentOf(state, signer)));

/** @param spki base64. @returns SHA-256, hexadecimal */
export function fingerprintOf(spki: string): string {
  return hash("sha256", Buffer.from(spki, "base64"));
}

function pem(spki: string): string {
  const key = createPublicKey({ key: Buffer.from(spki, "base64"), format: "der", type: "spki" });
  return key.export({ type: "spki", format: "pem" }).toString();
}

/** @throws DsecosError Conflict where what the log tells is not what was signed */
export function signedRecord(state: CeremonyState, signed: Signed): CeremonyRecord {
  const document = documentOf(state, signed);
  const record = canonical(document);
  const { publicKey, fingerprint } = document.signer;
  const signature = Buffer.from(signed.signature, "base64");
  if (!verify("sha384", Buffer.from(record), publicKey, signature)) {
    const what = `What the audit log tells of ceremony ${state.id} is not what was signed; verify the log.`;
    throw new DsecosError("Conflict", what);
  }
  const text = textOf(document, signed);
  const command = commandFor(state.id);
  return { record, signature: signed.signature, publicKey, fingerprint, text, command };
}

/** Takes the three parts out of the downloaded document, since openssl reads files. */
export function commandFor(id: string): string {
  const file = `ceremony-${id}.json`;
  return [
    `jq -j .record ${file} > record.json`,
    `jq -r .publicKey ${file} > key.pem`,
    `jq -r .signature ${file} | openssl base64 -d -A > record.sig`,
    "openssl dgst -sha384 -verify key.pem -signature record.sig record.json",
  ].join(" && ");
}

/** Lines for a printer; every page of a rehearsal says that it is one, since every part does. */
function textOf(document: Document, { signature }: Signed): string {
  const mark = document.marking === "" ? [] : [document.marking];
  const about = Object.entries(document.options).map(([name, value]) => `${name}: ${value}`);
  const steps = document.steps.flatMap((step, i) => [
    "",
    ...mark,
    `Step ${i + 1} of ${document.steps.length}: ${step.title}`,
    step.text,
    ...step.confirmedBy.map(
      ({ user, uid, at }) => `  confirmed by ${user} (user id ${uid}), ${at}`,
    ),
    ...step.facts.map(({ name, value }) => `  ${name}: ${value}`),
  ]);
  return [
    ...mark,
    `Record of a key ceremony: ${document.script.title}`,
    `Ceremony ${document.ceremony} on node ${document.node}`,
    ...about,
    `Script ${document.script.name}, SHA3-512 ${document.script.hash}`,
    `Started ${document.startedAt} by ${document.startedBy.user} (user id ${document.startedBy.uid})`,
    ...steps,
    "",
    ...mark,
    `Signed in token ${document.signer.token} by the key with SHA-256 fingerprint`,
    `  ${document.signer.fingerprint}`,
    `Signature (ECDSA P-384, SHA-384): ${signature}`,
    "",
    "Signed by hand:",
    ...people(document).map((user) => `  ${user}: ______________________________`),
    "",
  ].join("\n");
}

function people({ steps }: Document): string[] {
  return [...new Set(steps.flatMap(({ confirmedBy }) => confirmedBy.map(({ user }) => user)))];
}
