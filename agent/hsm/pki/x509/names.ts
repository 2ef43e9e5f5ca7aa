/** Distinguished names: the organisation is the tenant, the common name is who it is. */
import {
  AttributeTypeAndValue,
  AttributeValue,
  Name,
  RelativeDistinguishedName,
} from "@peculiar/asn1-x509";
import { nest, objectIdentifier, sequence, tags } from "./der.ts";

export const attributes = {
  commonName: "2.5.4.3",
  organization: "2.5.4.10",
  organizationalUnit: "2.5.4.11",
} as const;
export type Attribute = keyof typeof attributes;

/** Attributes from the outermost on, one to each relative name. */
export type NameParts = readonly (readonly [Attribute, string])[];

export function nameOf(parts: NameParts): Name {
  return new Name(
    parts.map(([attribute, text]) => {
      const value = new AttributeValue({ utf8String: text });
      const pair = new AttributeTypeAndValue({ type: attributes[attribute], value });
      return new RelativeDistinguishedName([pair]);
    }),
  );
}

/** DER of each attribute's type. */
const types = Object.fromEntries(
  Object.entries(attributes).map(([attribute, oid]) => [attribute, objectIdentifier(oid)]),
) as Record<Attribute, Buffer>;

/** DER of the name. */
export function encodeName(parts: NameParts): Buffer {
  return sequence(
    ...parts.map(([attribute, text]) => {
      const value = nest(tags.utf8String, Buffer.from(text, "utf8"));
      return nest(tags.set, sequence(types[attribute], value));
    }),
  );
}

/** The attributes of a name that somebody sent. @returns undefined where one is of another kind */
export function readName(name: Name): [Attribute, string][] | undefined {
  const found: [Attribute, string][] = [];
  for (const relative of name) {
    for (const { type, value } of relative) {
      const known = (Object.keys(attributes) as Attribute[]).find(
        (each) => attributes[each] === type,
      );
      const text = value.utf8String ?? value.printableString;
      if (known === undefined || text === undefined) return undefined;
      found.push([known, text]);
    }
  }
  return found;
}

/** For people, outermost first: `O=acme, CN=jane`. */
export function nameText(parts: NameParts): string {
  const short = { commonName: "CN", organization: "O", organizationalUnit: "OU" };
  return parts.map(([attribute, text]) => `${short[attribute]}=${text}`).join(", ");
}
