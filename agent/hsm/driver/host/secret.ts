/** PINs of the tokens, from the one secret that systemd hands to the driver's process. */
import { hkdfSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { DriverConfig } from "../../config.ts";
import { DriverError, type PinSource } from "../types.ts";

const leastSecret = 32;
/** Below it systemd puts what it gives to a unit, and nobody else anything. */
const systemdPlace = "/run/credentials/";

export interface Pins {
  readonly source: PinSource;
  /** @throws DriverError noPin where there is no secret */
  user(token: string): string;
  /**
   * PIN of the token's security officer; known only where PINs are derived.
   * @throws DriverError noPin where there is no secret, unsupported where it is not ours to make
   */
  officer(token: string): string;
}

/**
 * Derived PINs are HKDF-SHA-256 (RFC 5869) of the credential without salt, 32 bytes as hexadecimal;
 * the info tells the user's from the officer's, and one token's from another's.
 *
 * @throws Error when the credential is there and is empty or too short, or cannot be read
 */
export function readPins(config: DriverConfig["pin"], directory: string | undefined): Pins {
  const secret = directory === undefined ? undefined : read(join(directory, config.credential));
  const known = () => {
    if (secret !== undefined) return secret;
    const what = `the credential ${config.credential} is not there: give it to the driver's unit with LoadCredentialEncrypted=`;
    throw new DriverError("noPin", what);
  };
  const isSystemds = directory?.startsWith(systemdPlace) === true;
  const source = secret === undefined ? "none" : isSystemds ? "credential" : "file";
  if (config.form === "given") {
    // Trying an empty one would be one of the few tries that a token allows.
    if (secret?.toString("utf8").trim() === "") {
      throw new Error(`the credential ${config.credential} is empty: put the PIN in`);
    }
    return {
      source,
      user: () => known().toString("utf8").trim(),
      officer() {
        const what = "the PIN of this token's security officer is with who runs the HSM";
        throw new DriverError("unsupported", what);
      },
    };
  }
  if (secret !== undefined && secret.length < leastSecret) {
    throw new Error(`the credential ${config.credential} must have ${leastSecret} bytes or more`);
  }
  const derive = (info: string) =>
    Buffer.from(hkdfSync("sha256", known(), "", info, 32)).toString("hex");
  return {
    source,
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
