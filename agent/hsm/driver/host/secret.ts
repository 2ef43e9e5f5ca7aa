/** PINs of the tokens, from the one secret that systemd hands to the driver's process. */
import { hkdfSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { DriverConfig } from "../../config.ts";

const leastSecret = 32;

export interface Pins {
  readonly source: "none" | "credential";
  /** @throws Error when there is no secret, or when the PINs of a token are not ours to make. */
  user(token: string): string;
  /** PIN of the token's security officer; known only where PINs are derived. */
  officer(token: string): string;
}

/**
 * Derived PINs are HKDF-SHA-256 (RFC 5869) of the credential without salt, 32 bytes as hexadecimal;
 * the info tells the user's from the officer's, and one token's from another's.
 *
 * @throws Error when the credential is there and is too short
 */
export function readPins(config: DriverConfig["pin"], directory: string | undefined): Pins {
  const secret = directory === undefined ? undefined : read(join(directory, config.credential));
  const known = () => {
    if (secret !== undefined) return secret;
    throw new Error(
      `The credential ${config.credential} is not there: give it to the driver's unit with LoadCredentialEncrypted=.`,
    );
  };
  if (config.form === "given") {
    return {
      source: secret === undefined ? "none" : "credential",
      user: () => known().toString("utf8").trim(),
      officer() {
        throw new Error("The PIN of this token's security officer is with who runs the HSM.");
      },
    };
  }
  if (secret !== undefined && secret.length < leastSecret) {
    throw new Error(`The credential ${config.credential} must have ${leastSecret} bytes or more.`);
  }
  const derive = (info: string) =>
    Buffer.from(hkdfSync("sha256", known(), "", info, 32)).toString("hex");
  return {
    source: secret === undefined ? "none" : "credential",
    user: (token) => derive(`dsecos-hsm pin ${token}`),
    officer: (token) => derive(`dsecos-hsm so-pin ${token}`),
  };
}

function read(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
