/** The stand-in for a token that has ML-DSA, compiled, with the OpenSSL that it signs with. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { type DebianOpenssl, debianOpenssl } from "../debian-openssl.ts";

const run = promisify(execFile);
const includes = resolve(import.meta.dirname, "../../../node_modules/pkcs11js/includes/pkcs11");

export interface MlDsaModule {
  /** Library to load in place of SoftHSM. */
  readonly module: string;
  readonly environment: Record<string, string>;
  readonly openssl: DebianOpenssl;
  remove(): void;
}

export async function compileMlDsaModule(): Promise<MlDsaModule> {
  const openssl = await debianOpenssl();
  const directory = mkdtempSync(join(tmpdir(), "dsecos-ml-dsa-"));
  const module = join(directory, "ml-dsa.so");
  const source = join(import.meta.dirname, "module.c");
  const flags = ["-O2", "-Wall", "-Werror", "-shared", "-fPIC", `-I${includes}`];
  await run("gcc", [...flags, source, "-o", module, "-ldl"], { timeout: 120_000 });
  const [loader, , libraries, program] = openssl.command;
  return {
    module,
    environment: {
      DSECOS_ML_DSA: directory,
      DSECOS_OPENSSL_LOADER: String(loader),
      DSECOS_OPENSSL_LIBRARIES: String(libraries),
      DSECOS_OPENSSL: String(program),
      OPENSSL_CONF: "/dev/null",
    },
    openssl,
    remove() {
      rmSync(directory, { recursive: true, force: true });
      openssl.end();
    },
  };
}
