/** The key that signs records of ceremonies: P-384 in the node's token, made when first needed. */
import { hash } from "node:crypto";
import { DriverError, type KeyInToken } from "../driver/types.ts";
import { asking } from "../errors.ts";
import type { Token } from "../parts.ts";
import { insist } from "./attributes.ts";

/** The same at every try, so that a key is found that was made just before the agent ended. */
function idOf(token: Token): string {
  return hash("sha256", `dsecos ceremony key of ${token.label}`).slice(0, 32);
}

export async function signerOf(token: Token): Promise<KeyInToken> {
  const { driver, label } = token;
  const id = idOf(token);
  const key = await asking({ driver: driver.name, token: token.id }, async () => {
    try {
      return await driver.key(label, id);
    } catch (error) {
      if (!(error instanceof DriverError) || error.kind !== "keyMissing") throw error;
      return await driver.generateKey(label, id, "P-384");
    }
  });
  insist(token, key);
  return key;
}

/** @returns DER in base64 */
export async function signWith(
  { driver, label, id: token }: Token,
  key: KeyInToken,
  message: Uint8Array,
): Promise<string> {
  const signature = await asking({ driver: driver.name, token }, () =>
    driver.sign(label, "P-384", { id: key.id }, message),
  );
  return Buffer.from(signature).toString("base64");
}
