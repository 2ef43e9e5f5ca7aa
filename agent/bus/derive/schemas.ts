/** JSON Schemas of everything that travels as a JSON document. */
import { type JsonSchema, toJsonSchema } from "@valibot/to-json-schema";
import type { Argument, Interface } from "../contract.ts";

export interface PublishedSchema {
  /** `<interface>.<member>.<argument>` */
  readonly name: string;
  readonly schema: JsonSchema;
}

export function publishedSchemas(contracts: readonly Interface[]): PublishedSchema[] {
  return contracts.flatMap((definition) => [
    ...Object.entries(definition.methods).flatMap(([member, method]) => [
      ...method.in.flatMap((argument) => published(definition, member, argument, "input")),
      ...published(definition, member, method.out, "output"),
    ]),
    ...Object.entries(definition.signals).flatMap(([member, argument]) =>
      published(definition, member, argument, "output"),
    ),
  ]);
}

/**
 * Checks written in code have no JSON Schema and are left out: the published schema accepts all
 * that the agent accepts, and the agent may still refuse what passes it.
 */
function published(
  definition: Interface,
  member: string,
  argument: Argument,
  typeMode: "input" | "output",
): PublishedSchema[] {
  if (!argument.json) return [];
  const name = `${definition.name}.${member}.${argument.name}`;
  const schema = toJsonSchema(argument.schema, { errorMode: "ignore", typeMode });
  return [{ name, schema: { title: name, description: argument.description, ...schema } }];
}
