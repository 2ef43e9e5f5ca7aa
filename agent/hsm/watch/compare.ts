/** Records of a token beside its objects: what is missing, doubtful or not ours. */
import type { KeyInToken } from "../driver/types.ts";
import { weaknessOf } from "../keys/held.ts";
import type { FoundKey, Revised, Token } from "../parts.ts";
import type { Finding } from "./alarms.ts";

export interface Compared {
  findings: Finding[];
  /** By key: why it must not be used. */
  frozen: Map<string, string>;
}

export function compare(
  token: Token,
  contents: ReadonlyMap<string, Revised>,
  found: readonly FoundKey[],
  objects: readonly KeyInToken[],
): Compared {
  const byId = new Map<string, KeyInToken[]>();
  for (const object of objects) byId.set(object.id, [...(byId.get(object.id) ?? []), object]);
  const findings: Finding[] = [];
  const frozen = new Map<string, string>();
  const freeze = (key: string, kind: Finding["kind"], what: string) => {
    findings.push({ kind, token: token.id, tenant: token.tenant, key, what });
    if (!frozen.has(key)) frozen.set(key, what);
  };
  for (const { record } of found) {
    for (const { version, id, spki, sealed, destroyedAt } of record.versions) {
      if (destroyedAt !== undefined || record.state === "destroyed") continue;
      const name = `Version ${version} of ${record.name}`;
      for (const needed of [id, sealed?.under]) {
        if (needed === undefined) continue;
        const [object, other] = byId.get(needed) ?? [];
        if (object === undefined) {
          const what = `${name} has no object in ${token.id} any more; restore the token from its backup. The key is not used until then.`;
          freeze(record.name, "keyMissing", what);
        } else if (other !== undefined) {
          const what = `${name} has more than one object in ${token.id}; let whoever put the other there remove it. The key is not used until then.`;
          freeze(record.name, "ambiguous", what);
        } else {
          const weakness = weaknessOf(object);
          if (weakness !== "") {
            const what = `${name} is not safe in ${token.id}: ${weakness}; replace it. The key is not used any more.`;
            freeze(record.name, "weakKey", what);
          }
        }
      }
      const [object] = byId.get(id ?? "") ?? [];
      if (object === undefined || spki === undefined || object.spki.length === 0) continue;
      if (Buffer.from(object.spki).toString("base64") === spki) continue;
      const what = `${name} is another key in ${token.id} than its record says; find out who changed it. The key is not used until then.`;
      freeze(record.name, "otherKey", what);
    }
  }
  const ours = namedIn(contents);
  for (const id of byId.keys()) {
    if (ours.has(id)) continue;
    const what = `The token ${token.id} has a key ${id} that no record names; find out who made it. Nothing of it is used or removed.`;
    findings.push({ kind: "unknownObject", token: token.id, tenant: token.tenant, key: id, what });
  }
  return { findings, frozen };
}

/** What two comparisons agree on. */
export function bothFound(first: Compared, second: Compared): Compared {
  const identity = ({ kind, key }: Finding) => `${kind} ${key}`;
  const before = new Set(first.findings.map(identity));
  const findings = second.findings.filter((finding) => before.has(identity(finding)));
  const keys = new Set(findings.map(({ key }) => key));
  const frozen = new Map([...second.frozen].filter(([key]) => keys.has(key)));
  return { findings, frozen };
}

/** Whatever any area keeps an id of in a record is ours. */
function namedIn(contents: ReadonlyMap<string, Revised>): Set<string> {
  const ids = new Set<string>();
  for (const value of contents.values()) {
    for (const [, id = ""] of JSON.stringify(value).matchAll(/"([0-9a-f]{32})"/g)) ids.add(id);
  }
  return ids;
}
