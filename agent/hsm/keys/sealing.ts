/**
 * The AES key of a token under which seeds are sealed that the token has no mechanism for. One for
 * each token, made when it is needed first, never rotated: it encrypts 32 or 64 bytes per version of
 * a key, far from what an AES-256-GCM key may.
 */
import { randomBytes } from "node:crypto";
import * as v from "valibot";
import { canonical } from "../../audit/canonical.ts";
import { KeyedLock } from "../../tenants/locks.ts";
import { DriverError } from "../driver/types.ts";
import { asking } from "../errors.ts";
import type { Records, Token } from "../parts.ts";
import { objectIdSchema } from "./record.ts";

export const sealLabel = "seal";

const sealSchema = v.object({
  revision: v.number(),
  id: objectIdSchema,
  /** Set until the object is known to be there. */
  making: v.optional(v.boolean()),
});

const making = new KeyedLock();

/** @returns the CKA_ID of the token's sealing key, which is made first where it is missing. */
export function sealOf(token: Token, records: Records): Promise<string> {
  return making.run(token.id, async () => {
    const result = v.safeParse(sealSchema, await records.read(token, sealLabel));
    if (result.success && !result.output.making) return result.output.id;
    const id = result.success ? result.output.id : randomBytes(16).toString("hex");
    const revision = result.success ? result.output.revision : 1;
    // First, so that one whose making broke off is found under its id.
    if (!result.success)
      await records.write(token, sealLabel, mark({ revision, id, making: true }));
    await make(token, id);
    await records.write(token, sealLabel, mark({ revision: revision + 1, id }));
    return id;
  });
}

const mark = (seal: v.InferOutput<typeof sealSchema>) => seal;

async function make(token: Token, id: string): Promise<void> {
  const { driver, label } = token;
  await asking({ driver: driver.name, token: token.id }, async () => {
    try {
      await driver.key(label, id);
    } catch (error) {
      if (!(error instanceof DriverError) || error.kind !== "keyMissing") throw error;
      await driver.generateKey(label, id, "AES-256");
    }
  });
}

/** What a sealed seed is bound to, so that it opens for no other key, version or region. */
export function seedAad(of: {
  tenant: string;
  key: string;
  version: number;
  algorithm: string;
  region: string;
}): Uint8Array {
  return Buffer.from(canonical({ ...of, use: "seed", context: "" }));
}
