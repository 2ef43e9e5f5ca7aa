/**
 * Statements about policies, signed. `statement.json` is canonical JSON (RFC 8785) with two members:
 * `statement`, and `signatures`, lines of a signed note (c2sp.org/signed-note) whose text is the
 * statement as canonical JSON with a newline behind it.
 */
import { hash } from "node:crypto";
import * as v from "valibot";
import { canonical } from "../../audit/canonical.ts";
import {
  formatSignature,
  formatVerifierKey,
  NoteError,
  openNote,
  parseVerifierKey,
  signText,
  type VerifierKey,
} from "../../audit/tlog/note.ts";
import { DsecosError } from "../../bus/errors.ts";
import { sharedTypes, trustedBase } from "../assumptions.ts";
import { type Statement, statementSchema } from "./answers.ts";
import { fingerprintOf, type PolicyKey, signersDirectory } from "./key.ts";

/** Many times what one has, in bytes. */
export const mostStatementBytes = 64 * 1024;

const fileSchema = v.strictObject({
  signatures: v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(10)),
  statement: statementSchema,
});

/** What this version of the product takes for granted in its proof: SHA-256, in hexadecimal. */
export function assumptionsHash(): string {
  return hash("sha256", canonical({ shared: sharedTypes, trustedBase }), "hex");
}

/** @returns the content of statement.json */
export function signStatement(
  unsigned: Omit<Statement, "signer">,
  { key, privateKey }: PolicyKey,
): string {
  const signer = { key: formatVerifierKey(key), fingerprint: fingerprintOf(key) };
  const statement = v.parse(statementSchema, { ...unsigned, signer });
  const signature = formatSignature(signText(textOf(statement), key, privateKey));
  return canonical({ signatures: [signature.trimEnd()], statement });
}

function textOf(statement: Statement): string {
  return `${canonical(statement)}\n`;
}

/**
 * @param file name, for messages
 * @param trusted keys of whom statements are believed
 * @throws DsecosError in a sentence: damaged, changed, or of a node that is not trusted
 */
export function openStatement(
  content: string,
  file: string,
  trusted: readonly VerifierKey[],
): Statement {
  const { signatures, statement } = parseStatement(content, file);
  const { key, fingerprint } = statement.signer;
  const known = trusted.find((one) => formatVerifierKey(one) === key);
  if (known === undefined) {
    const what = `The policy was signed on ${statement.node} by a key that is not trusted here. If its fingerprint there is ${fingerprint}, put that node's key.pub into ${signersDirectory} under a name that ends in .pub.`;
    throw new DsecosError("Denied", what);
  }
  if (fingerprintOf(known) !== fingerprint) throw damaged(file, "its fingerprint is another key's");
  try {
    openNote(`${textOf(statement)}\n${signatures.map((line) => `${line}\n`).join("")}`, known);
  } catch (error) {
    if (error instanceof NoteError) throw damaged(file, error.message, error);
    throw error;
  }
  return statement;
}

/**
 * Without a look at who signed it.
 *
 * @throws DsecosError where it is no statement, to the byte
 */
export function parseStatement(content: string, file: string): v.InferOutput<typeof fileSchema> {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    throw damaged(file, "it is no JSON", error);
  }
  const result = v.safeParse(fileSchema, value);
  if (!result.success) {
    const [issue] = result.issues;
    throw damaged(file, `${v.getDotPath(issue) ?? "its top level"}: ${issue.message}`);
  }
  // Of two ways to write the same, one would be signed by nobody.
  if (canonical(result.output) !== content) throw damaged(file, "it is not canonical JSON");
  try {
    parseVerifierKey(result.output.statement.signer.key);
  } catch (error) {
    if (error instanceof NoteError) throw damaged(file, error.message, error);
    throw error;
  }
  return result.output;
}

function damaged(file: string, why: string, cause?: unknown): DsecosError {
  const reason = why.replace(/\.$/, "");
  return new DsecosError("Conflict", `${file} is damaged or was changed: ${reason}.`, { cause });
}
