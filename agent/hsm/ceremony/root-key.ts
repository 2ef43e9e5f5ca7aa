/** The root key of the node's certificate authority, made where the authority looks for it. */
import { DsecosError } from "../../bus/errors.ts";
import type { KeyInToken } from "../driver/types.ts";
import { asking } from "../errors.ts";
import type { KeyMaker } from "../keys/maker.ts";
import type { KeyRecord, KeyVersion } from "../keys/record.ts";
import type { KeyStore } from "../keys/store.ts";
import { headLabel, versionLabel } from "../keys/stored.ts";
import type { FoundKey, Token } from "../parts.ts";
import { authorityLabel, keyNames } from "../pki/labels.ts";
import type { TokenRecords } from "../tokens/records.ts";
import type { ActContext, CeremonyAct } from "./acts.ts";
import { insist, keyFacts } from "./attributes.ts";
import { actNames } from "./scripts.ts";

export interface KeyParts {
  records: TokenRecords;
  store: Pick<KeyStore, "foundIn">;
  maker: Pick<KeyMaker, "create" | "takeBack">;
}

export function rootKeyAct({ records, store, maker }: KeyParts): CeremonyAct {
  const find = async (token: Token, context: ActContext): Promise<FoundKey | undefined> => {
    const keys = store.foundIn(token, await records.fresh(token));
    return keys.find(({ record }) => record.name === nameFor(context));
  };

  return {
    name: actNames.rootKey,
    async prepare(context) {
      const before = await find(await context.token(), context);
      if (before === undefined) return;
      const what = `The node has a root key already, made ${before.record.createdAt}; a second one would be another authority.`;
      throw new DsecosError("Conflict", what);
    },
    async run(context) {
      const token = await context.token();
      let record = (await find(token, context))?.record;
      if (record === undefined) {
        const name = nameFor(context);
        // Of a try that was broken off.
        if (context.again) await maker.takeBack(token, versionLabel(name, 1));
        const { tenant, region } = token;
        const facts = { tenant, name, region, algorithm: "P-384", protection: "inToken" } as const;
        record = await maker.create(token, facts, (version) => recordOf(token, version, context));
      }
      if (!isOf(record, context)) {
        throw new DsecosError("Conflict", "Somebody else made the root key meanwhile.");
      }
      const key = await readBack(token, record);
      insist(token, key);
      return keyFacts(key);
    },
    async undo(context) {
      const token = await context.token();
      const record = (await find(token, context))?.record;
      if (record !== undefined && !isOf(record, context)) return "";
      if ((await records.fresh(token)).has(authorityLabel) && !context.rehearsal) {
        return `The key ${record?.name} in token ${token.id} stays: an authority has it by now.`;
      }
      // The version's object is found by what the token keeps of it, so that the name goes first.
      const name = nameFor(context);
      if (record !== undefined) await records.remove(token, headLabel(name));
      await maker.takeBack(token, versionLabel(name, 1));
      return record === undefined ? "" : `The key ${name} in token ${token.id} was destroyed.`;
    },
  };
}

/** Rehearsals share a token, and none of their keys is the root of anything. */
function nameFor({ rehearsal, ceremony }: ActContext): string {
  return rehearsal ? `rehearsal-${ceremony}` : keyNames.root;
}

const why = ({ ceremony }: ActContext) => `ceremony ${ceremony}`;

function isOf({ history }: KeyRecord, context: ActContext): boolean {
  return history[0]?.why === why(context);
}

function readBack(
  { driver, label, id: token }: Token,
  { versions }: KeyRecord,
): Promise<KeyInToken> {
  const id = versions[0]?.id ?? "";
  return asking({ driver: driver.name, token }, () => driver.key(label, id));
}

function recordOf(token: Token, version: KeyVersion, context: ActContext): KeyRecord {
  const at = version.createdAt;
  const by = context.people.join(" and ");
  return {
    ...{ name: nameFor(context), tenant: token.tenant, driver: token.driver.name },
    ...{ region: token.region, algorithm: "P-384", purpose: "sign", protection: "inToken" },
    ...{ state: "active", createdAt: at, createdBy: by, versions: [version], revision: 1 },
    history: [{ at, by, state: "active", why: why(context) }],
  };
}
