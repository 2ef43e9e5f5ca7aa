/** What one member takes on the command line: positionals and options, from its arguments. */
import * as v from "valibot";
import type { Argument, Method } from "../contract.ts";

export interface Parameter {
  /** As typed: `display-name` for `--display-name`. */
  readonly name: string;
  /** `content`: named as a file, never written out. */
  readonly kind: "text" | "number" | "boolean" | "content";
  /** May be given more than once, or for a positional: takes all that follow. */
  readonly list: boolean;
  readonly required: boolean;
  /** What holds when it is not given; undefined when nothing does. */
  readonly fallback: unknown;
  readonly choices: readonly string[];
  readonly description: string;
  /** Place in the method's input; -1 for the object's id. */
  readonly index: number;
  /** Keys below the JSON document; empty for a native argument. */
  readonly path: readonly string[];
}

/** The parts of valibot's schemas that say what a person may type. */
interface Shape {
  type: string;
  entries?: Record<string, Shape>;
  wrapped?: Shape;
  item?: Shape;
  options?: readonly string[];
  default?: unknown;
}

export function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`).replace(/^-/, "");
}

/** The command looks this one up itself when it is left out. */
export const lookedUp = "approvals.Approve.hash";

export function positionalsOf(member: string, method: Method, object?: Argument): Parameter[] {
  const found = object === undefined ? [] : [positional(object, -1, true)];
  for (const [index, argument] of method.in.entries()) {
    if (!isPositional(method, index)) continue;
    const isLeftOut = v.safeParse(argument.schema, undefined).success;
    const required = !isLeftOut && `${member}.${argument.name}` !== lookedUp;
    found.push(positional(argument, index, required));
  }
  return found;
}

export function optionsOf(method: Method): Parameter[] {
  const options = method.in.flatMap((argument, index) => {
    if (argument.json) {
      const place = { index, prefix: argument.name === "filter" ? "Only with this " : "New " };
      return leaves(argument.schema as unknown as Shape, place, [], true);
    }
    return isPositional(method, index) ? [] : [nativeOption(argument, index)];
  });
  const names = options.map((option) => option.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`two options are named --${twice}`);
  return options;
}

/** Texts stand in order, except behind a list, which takes all words that follow. */
function isPositional(method: Method, index: number): boolean {
  const argument = method.in[index];
  if (argument === undefined || argument.json || argument.content !== undefined) return false;
  if (argument.signature === "as") return true;
  const behindList = method.in.slice(0, index).some((before) => before.signature === "as");
  return argument.signature === "s" && !behindList;
}

function positional(argument: Argument, index: number, required: boolean): Parameter {
  return {
    name: kebab(argument.name),
    kind: "text",
    list: argument.signature === "as",
    required,
    fallback: undefined,
    choices: [],
    description: argument.description,
    index,
    path: [],
  };
}

function nativeOption(argument: Argument, index: number): Parameter {
  const boolean = argument.signature === "b";
  const text = argument.content === undefined ? "text" : "content";
  const empty = v.safeParse(argument.schema, undefined);
  const fallback = boolean ? false : empty.success ? empty.output : undefined;
  return {
    name: kebab(argument.name),
    kind: boolean ? "boolean" : argument.signature === "u" ? "number" : text,
    list: false,
    required: fallback === undefined,
    fallback,
    choices: [],
    description: argument.description,
    index,
    path: [],
  };
}

/** Leaves of a document, each an option with the name of its key. */
function leaves(
  schema: Shape,
  place: { index: number; prefix: string },
  path: readonly string[],
  required: boolean,
  fallback?: unknown,
): Parameter[] {
  if (schema.wrapped !== undefined) {
    return leaves(schema.wrapped, place, path, false, fallback ?? schema.default);
  }
  if (schema.entries !== undefined) {
    return Object.entries(schema.entries).flatMap(([key, entry]) =>
      leaves(entry, place, [...path, key], required),
    );
  }
  const list = schema.type === "array";
  const value = list ? schema.item : schema;
  const kind = kinds[value?.type ?? ""];
  const name = path.at(-1);
  if (value === undefined || kind === undefined || name === undefined) {
    throw new Error(`${path.join(".")} cannot be typed on a command line`);
  }
  const description = v.getDescription(schema as unknown as v.GenericSchema);
  return [
    {
      name: kebab(name),
      kind,
      list,
      required,
      fallback,
      choices: value.options ?? [],
      description: description ?? `${place.prefix}${kebab(name).replaceAll("-", " ")}`,
      index: place.index,
      path,
    },
  ];
}

const kinds: Record<string, Parameter["kind"]> = {
  string: "text",
  picklist: "text",
  number: "number",
  boolean: "boolean",
};
