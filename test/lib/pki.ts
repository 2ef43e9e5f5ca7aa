/** An authority whose key OpenSSL has, for tests of encodings; and `openssl` itself. */
import { execFileSync } from "node:child_process";
import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keyIdentifier } from "../../agent/hsm/pki/x509/algorithms.ts";
import { certificateContent, newSerial, signed } from "../../agent/hsm/pki/x509/certificate.ts";
import { authorityKey, subjectKey } from "../../agent/hsm/pki/x509/extensions.ts";
import { encodeName, type NameParts } from "../../agent/hsm/pki/x509/names.ts";

export interface TestAuthority {
  readonly privateKey: KeyObject;
  readonly spki: Buffer;
  readonly subject: NameParts;
  readonly identifier: Buffer;
  readonly der: Buffer;
}

export function signWith(key: KeyObject, content: Uint8Array): Buffer {
  return sign("sha384", content, key);
}

export interface Wanted {
  readonly subject: NameParts;
  readonly spki: Buffer;
  readonly extensions: readonly Buffer[];
  readonly serial?: string;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

const day = 86_400_000;

/** A certificate of the authority, or of itself where none is given. */
export function certify(wanted: Wanted, by?: TestAuthority, own?: KeyObject): Buffer {
  const key = by?.privateKey ?? own;
  if (key === undefined) throw new Error("nobody signs it");
  const content = certificateContent({
    serial: wanted.serial ?? newSerial(),
    algorithm: "P-384",
    issuer: encodeName(by?.subject ?? wanted.subject),
    subject: encodeName(wanted.subject),
    spki: wanted.spki,
    notBefore: wanted.notBefore ?? new Date(Date.now() - day),
    notAfter: wanted.notAfter ?? new Date(Date.now() + 30 * day),
    extensions: [
      ...wanted.extensions,
      subjectKey(keyIdentifier(wanted.spki)),
      authorityKey(by?.identifier ?? keyIdentifier(wanted.spki)),
    ],
  });
  return signed(content, "P-384", signWith(key, content));
}

export function testAuthority(
  subject: NameParts,
  extensions: readonly Buffer[],
  by?: TestAuthority,
): TestAuthority {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-384" });
  const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  const der = certify({ subject, spki, extensions }, by, privateKey);
  return { privateKey, spki, subject, identifier: keyIdentifier(spki), der };
}

/** A directory of its own, and `openssl` in it. */
export class OpensslBed {
  readonly directory = mkdtempSync(join(tmpdir(), "dsecos-openssl-"));

  write(name: string, content: string | Uint8Array): string {
    const path = join(this.directory, name);
    writeFileSync(path, content);
    return path;
  }

  /** @returns what it wrote to both streams. @throws where it fails */
  run(...args: string[]): string {
    return this.#run(args).toString("utf8");
  }

  /** The same for what fails. */
  fails(...args: string[]): string {
    try {
      const text = this.run(...args);
      return `did not fail: ${text}`;
    } catch (error) {
      const { stdout, stderr } = error as { stdout?: Buffer; stderr?: Buffer };
      return `${stdout ?? ""}${stderr ?? ""}`;
    }
  }

  #run(args: string[]): Buffer {
    return execFileSync("openssl", args, {
      cwd: this.directory,
      timeout: 30_000,
      maxBuffer: 4 * 1024 * 1024,
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  close(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
