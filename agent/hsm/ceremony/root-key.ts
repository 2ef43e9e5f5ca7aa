/**
 * The root key of the node's certificate authority: made in the node's token, and in its records
 * under a name that the authority looks for.
 */
import { hash } from "node:crypto";
import { DsecosError } from "../../bus/errors.ts";
import { DriverError, type KeyInToken } from "../driver/types.ts";
import { asking } from "../errors.ts";
import type { KeyRecord } from "../keys/record.ts";
import type { Records, Token } from "../parts.ts";
import type { ActContext, CeremonyAct } from "./acts.ts";
import { insist, keyFacts } from "./attributes.ts";
import { actNames } from "./scripts.ts";

export const rootKeyName = "authority-root";

export function rootKeyAct(records: Records): CeremonyAct {
  return {
    name: actNames.rootKey,
    async prepare(context) {
      const before = await readRecord(records, context);
      if (before === undefined) return;
      const what = `The node has a root key already, made ${before.createdAt}; a second one would be another authority.`;
      throw new DsecosError("Conflict", what);
    },
    async run(context) {
      const token = await context.token();
      const key = await keyFor(token, context);
      if ((await readRecord(records, context)) === undefined) {
        const record = recordOf(token, nameFor(context), key, context);
        await records.write(token, `key/${record.name}`, record);
      }
      return keyFacts(key);
    },
    async undo(context) {
      const token = await context.token();
      const destroyed = await destroy(token, context.objectId);
      const known = await readRecord(records, context);
      if (known?.versions.some(({ id }) => id === context.objectId)) {
        await records.remove(token, `key/${known.name}`);
      }
      return destroyed ? `The key ${context.objectId} in token ${token.id} was destroyed.` : "";
    },
  };
}

async function readRecord(records: Records, context: ActContext): Promise<KeyRecord | undefined> {
  const label = `key/${nameFor(context)}`;
  return (await records.read(await context.token(), label)) as KeyRecord | undefined;
}

/** Rehearsals share a token, and none of their keys is the root of anything. */
function nameFor({ rehearsal, ceremony }: ActContext): string {
  return rehearsal ? `rehearsal-${ceremony}` : rootKeyName;
}

async function keyFor(token: Token, { objectId, again }: ActContext): Promise<KeyInToken> {
  const { driver, label } = token;
  const key = await asking({ driver: driver.name, token: token.id }, async () => {
    if (again) {
      try {
        return await driver.key(label, objectId);
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    }
    return await driver.generateKey(label, objectId, "P-384");
  });
  insist(token, key);
  return key;
}

async function destroy(token: Token, id: string): Promise<boolean> {
  const { driver, label } = token;
  return asking({ driver: driver.name, token: token.id }, async () => {
    try {
      await driver.destroyKey(label, id);
      return true;
    } catch (error) {
      if (!isMissing(error)) throw error;
      return false;
    }
  });
}

function isMissing(error: unknown): boolean {
  return error instanceof DriverError && error.kind === "keyMissing";
}

function recordOf(
  token: Token,
  name: string,
  key: KeyInToken,
  { people, ceremony }: ActContext,
): KeyRecord {
  const at = new Date().toISOString();
  const by = people.join(" and ");
  const version = {
    version: 1,
    createdAt: at,
    id: key.id,
    spki: Buffer.from(key.spki).toString("base64"),
    fingerprint: hash("sha256", key.spki),
  };
  return {
    ...{ name, tenant: token.tenant, driver: token.driver.name, region: token.region },
    ...{ algorithm: "P-384", purpose: "sign", protection: "inToken", state: "active" },
    ...{ createdAt: at, createdBy: by, versions: [version], revision: 1 },
    history: [{ at, by, state: "active", why: `ceremony ${ceremony}` }],
  };
}
