/** The `dsecos` command that does the same as a button of the page. */
import type { Interface, Method } from "../../agent/bus/contract.ts";
import {
  kebab,
  optionsOf,
  type Parameter,
  positionalsOf,
} from "../../agent/bus/derive/parameters.ts";

/** Quotes for a POSIX shell where that is needed. */
export function quoted(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function givenFor(parameter: Parameter, inputs: readonly unknown[]): unknown {
  let value = inputs[parameter.index];
  for (const key of parameter.path) value = (value as Record<string, unknown> | undefined)?.[key];
  return value;
}

function words(option: Parameter, value: unknown): string[] {
  if (value === undefined || value === "" || value === option.fallback) return [];
  if (option.kind === "boolean") return [`--${value === false ? "no-" : ""}${option.name}`];
  return [value].flat().flatMap((one) => [`--${option.name}`, quoted(String(one))]);
}

/** @param inputs as the member takes them; what holds by default is left out */
export function commandOf(definition: Interface, member: string, inputs: unknown[]): string {
  const method = definition.methods[member] as Method;
  const given = positionalsOf(`${definition.subsystem}.${member}`, method).flatMap((parameter) =>
    [givenFor(parameter, inputs)].flat().map((word) => quoted(String(word))),
  );
  const options = optionsOf(method).flatMap((option) => words(option, givenFor(option, inputs)));
  return ["dsecos", definition.subsystem, kebab(member), ...given, ...options].join(" ");
}
