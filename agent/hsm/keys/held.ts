/** What a token says of a key's objects, and whether that is what must be. */
import type { KeyInToken } from "../driver/types.ts";
import { DriverError } from "../driver/types.ts";
import { explainDriver } from "../errors.ts";
import type { FoundKey } from "../parts.ts";

export interface Held {
  version: number;
  id: string;
  algorithm: string;
  sensitive: boolean;
  alwaysSensitive: boolean;
  extractable: boolean;
  neverExtractable: boolean;
  local: boolean;
}

/** Why a key in a token could leave it, or was not made there; empty where it cannot and was. */
export function weaknessOf(
  held: Pick<
    KeyInToken,
    "sensitive" | "alwaysSensitive" | "extractable" | "neverExtractable" | "local"
  >,
): string {
  if (!held.sensitive || !held.alwaysSensitive) return "its token shows or showed it in the clear";
  if (held.extractable || !held.neverExtractable) return "it can or could leave its token";
  if (!held.local) return "it was not made in its token";
  return "";
}

/** Reads the objects of all versions that are not destroyed. */
export async function readHeld({ record, token }: FoundKey) {
  const held: Held[] = [];
  const troubles: string[] = [];
  const { driver, label } = token;
  for (const { version, id, spki, destroyedAt } of record.versions) {
    if (id === undefined || destroyedAt !== undefined) continue;
    try {
      const key = await driver.key(label, id);
      const { spki: itsSpki, ...facts } = key;
      held.push({ version, ...facts });
      const weakness = weaknessOf(key);
      if (weakness !== "") troubles.push(`Version ${version}: ${weakness}; replace the key.`);
      if (spki !== undefined && spki !== Buffer.from(itsSpki).toString("base64")) {
        troubles.push(
          `Version ${version}: the token has another public key than its record; find out who changed it.`,
        );
      }
    } catch (error) {
      if (!(error instanceof DriverError)) throw error;
      const { message } = explainDriver(error, { driver: driver.name, token: token.id });
      troubles.push(`Version ${version}: ${message}`);
    }
  }
  return { held, troubles };
}
