/** What a token says of a key, in words to be read aloud, and what it must say. */
import { hash } from "node:crypto";
import { DsecosError } from "../../bus/errors.ts";
import type { KeyInToken } from "../driver/types.ts";
import type { Token } from "../parts.ts";
import type { Fact } from "./answers.ts";

/** Names of the facts of `keyFacts`, as scripts list them. */
export const keyFactNames = ["Key", "Fingerprint", "Attributes"] as const;

export function keyFacts(key: KeyInToken): Fact[] {
  const attributes = [
    key.sensitive ? "sensitive" : "NOT SENSITIVE",
    key.alwaysSensitive ? "always sensitive" : "NOT ALWAYS sensitive",
    key.extractable ? "EXTRACTABLE" : "not extractable",
    key.neverExtractable ? "never extractable" : "ONCE EXTRACTABLE",
    key.local ? "made in the token" : "NOT MADE IN THE TOKEN",
  ];
  return [
    { name: "Key", value: `${key.algorithm}, id ${inGroups(key.id)}` },
    { name: "Fingerprint", value: inGroups(hash("sha256", key.spki)) },
    { name: "Attributes", value: attributes.join(", ") },
  ];
}

/** @throws DsecosError Conflict for a key that can leave the token, or could */
export function insist(token: Token, key: KeyInToken): void {
  const { sensitive, alwaysSensitive, extractable, neverExtractable, local } = key;
  if (sensitive && alwaysSensitive && !extractable && neverExtractable && local) return;
  const what = `The key ${key.id} in token ${token.id} could leave it; destroy it, and let the maker of its module put that right.`;
  throw new DsecosError("Conflict", what);
}

/** Four at a time, as people read hexadecimal aloud. */
export function inGroups(hexadecimal: string): string {
  return (hexadecimal.match(/.{1,4}/g) ?? []).join(" ");
}
