/**
 * Policies that were built: a directory each, named by the SHA-256 of its policy, with `policy.33`,
 * `file_contexts` and `statement.json`. A directory is there whole or not at all.
 */
import { hash } from "node:crypto";
import { chmod, mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile, syncDirectory } from "../../audit/seal/files.ts";
import type { VerifierKey } from "../../audit/tlog/note.ts";
import { DsecosError } from "../../bus/errors.ts";
import type { Statement } from "./answers.ts";
import { mostStatementBytes, openStatement } from "./statement.ts";

export const policyFile = "policy.33";
export const contextsFile = "file_contexts";
export const statementFile = "statement.json";

const namePattern = /^[0-9a-f]{64}$/;
/** Beginning of the names of directories that are being filled. */
const unfinished = ".building-";
/** Many times what the largest have, in bytes. */
const mostBytes = 256 * 1024 * 1024;

/** A policy that was read, whose signature and bytes hold. */
export interface Kept {
  readonly directory: string;
  readonly statement: Statement;
  /** The very bytes that the statement is about. */
  readonly policy: Buffer;
}

export class KeptPolicies {
  readonly directory: string;

  /** @param directory of which each policy has one of its own in */
  constructor(directory: string) {
    this.directory = directory;
  }

  placeOf(policy: string): string {
    return join(this.directory, policy);
  }

  /** @returns hashes of those that are kept */
  async names(): Promise<string[]> {
    try {
      return (await readdir(this.directory)).filter((name) => namePattern.test(name)).sort();
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  /** @returns a directory to build in, on the same file system; what a crash left is gone */
  async begin(): Promise<string> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    for (const name of await readdir(this.directory))
      if (name.startsWith(unfinished))
        await rm(join(this.directory, name), { recursive: true, force: true });
    const work = await mkdtemp(join(this.directory, unfinished));
    await chmod(work, 0o700);
    return work;
  }

  /**
   * Makes a directory that was built one of those kept. One that is there already, of the same
   * policy, is replaced: its statement is the newer one.
   */
  async keep(work: string, policy: string, statement: string): Promise<void> {
    await replaceFile(join(work, statementFile), statement);
    for (const name of [policyFile, contextsFile]) await sync(join(work, name));
    await syncDirectory(work);
    const place = this.placeOf(policy);
    // Nothing is lost between the two: what is removed can be built again, and is not loaded from here.
    await rm(place, { recursive: true, force: true });
    await rename(work, place);
    await syncDirectory(this.directory);
  }

  async remove(policy: string): Promise<void> {
    await rm(this.placeOf(policy), { recursive: true, force: true });
    await syncDirectory(this.directory);
  }

  /**
   * @param trusted whose signatures are believed
   * @throws DsecosError NotFound, or why it cannot be loaded
   */
  async statement(policy: string, trusted: readonly VerifierKey[]): Promise<Statement> {
    const file = join(this.placeOf(policy), statementFile);
    const content = await bounded(file, mostStatementBytes, policy);
    const statement = openStatement(content.toString("utf8"), file, trusted);
    if (statement.policy !== policy) throw differs(file, "it is about another policy");
    return statement;
  }

  /** @throws as {@link statement} does, and where a file is not what the statement says */
  async read(policy: string, trusted: readonly VerifierKey[]): Promise<Kept> {
    const statement = await this.statement(policy, trusted);
    const directory = this.placeOf(policy);
    const bytes = await this.#file(policy, policyFile, statement.policy);
    await this.#file(policy, contextsFile, statement.fileContexts);
    return { directory, statement, policy: bytes };
  }

  async #file(policy: string, name: string, sha256: string): Promise<Buffer> {
    const file = join(this.placeOf(policy), name);
    const bytes = await bounded(file, mostBytes, policy);
    if (hash("sha256", bytes, "hex") !== sha256)
      throw differs(file, "its bytes are not those that were signed");
    return bytes;
  }
}

async function bounded(file: string, most: number, policy: string): Promise<Buffer> {
  try {
    const { size } = await stat(file);
    if (size > most) throw differs(file, `it has ${size} bytes`);
    return await readFile(file);
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new DsecosError(
      "NotFound",
      `There is no policy ${policy} on this node, or not all of it.`,
      {
        cause: error,
      },
    );
  }
}

function differs(file: string, why: string): DsecosError {
  return new DsecosError("Conflict", `${file} is damaged or was changed: ${why}.`);
}

async function sync(file: string): Promise<void> {
  const handle = await open(file, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}
