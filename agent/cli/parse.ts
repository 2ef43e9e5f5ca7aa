/** From the words of a command line to the inputs of a member, checked by the contract's schemas. */
import { type ParseArgsConfig, parseArgs } from "node:util";
import * as v from "valibot";
import type { Argument } from "../bus/contract.ts";
import { type Command, commonOptions, positionalWord, synopsis } from "../bus/derive/commands.ts";
import type { Parameter } from "../bus/derive/parameters.ts";
import { DsecosError } from "../bus/errors.ts";

type Common = (typeof commonOptions)[number]["name"];

export interface ParsedCall {
  /** Id of the object, where the interface has one object per thing. */
  readonly object: string | undefined;
  /** One per argument of the member; undefined for one that the command looks up itself. */
  readonly inputs: unknown[];
  readonly common: ReadonlySet<Common>;
}

type Values = Record<string, string | boolean | (string | boolean)[] | undefined>;

/** @throws DsecosError InvalidArgument that names the option or argument and what is wrong. */
export function parseCall(command: Command, words: readonly string[]): ParsedCall {
  const { values, positionals } = split(command, words);
  const common = new Set(
    commonOptions.map(({ name }) => name).filter((name) => values[name] === true),
  );
  if (common.has("help")) return { object: undefined, inputs: [], common };
  const typed = new Map<Parameter, unknown>();
  assignPositionals(command, positionals, typed);
  for (const option of command.options) typed.set(option, optionValue(option, values));
  const missing = command.options.filter(
    (option) => option.required && typed.get(option) === undefined,
  );
  if (missing.length > 0) {
    const names = missing.map(({ name }) => `--${name}`).join(", ");
    throw invalid(`Also needed: ${names}.`);
  }
  const inputs = command.method.in.map((argument, index) =>
    inputOf(command, argument, index, typed),
  );
  const [first] = command.positionals;
  const object = command.definition.object;
  if (object === undefined || first === undefined) return { object: undefined, inputs, common };
  return { object: String(check(command, object, -1, typed.get(first))), inputs, common };
}

function split(command: Command, words: readonly string[]) {
  const options: NonNullable<ParseArgsConfig["options"]> = {};
  for (const { name } of commonOptions) options[name] = { type: "boolean" };
  for (const option of command.options) {
    const multiple = option.list;
    options[option.name] = { type: option.kind === "boolean" ? "boolean" : "string", multiple };
    if (option.kind === "boolean") options[`no-${option.name}`] = { type: "boolean" };
  }
  try {
    const parsed = parseArgs({ args: [...words], options, allowPositionals: true, strict: true });
    return { values: parsed.values as Values, positionals: parsed.positionals };
  } catch (error) {
    const [sentence] = String((error as Error).message).split(/\. |\n/);
    throw new DsecosError("InvalidArgument", `${sentence?.replace(/\.$/, "")}.`, { cause: error });
  }
}

function assignPositionals(
  command: Command,
  words: readonly string[],
  typed: Map<Parameter, unknown>,
): void {
  let next = 0;
  for (const parameter of command.positionals) {
    const value = parameter.list ? words.slice(next) : words[next];
    const given = parameter.list ? words.length > next : value !== undefined;
    if (!given && parameter.required) {
      throw invalid(`${positionalWord(parameter)} is missing: ${synopsis(command)}`);
    }
    typed.set(parameter, given ? value : undefined);
    next = parameter.list ? words.length : next + 1;
  }
  if (words.length > next) {
    throw invalid(`“${words[next]}” is one word too many: ${synopsis(command)}`);
  }
}

function optionValue(option: Parameter, values: Values): unknown {
  const value = values[option.name];
  if (option.kind === "boolean") {
    if (values[`no-${option.name}`] === true) return false;
    return value;
  }
  if (value === undefined) return undefined;
  if (Array.isArray(value)) return value.map((one) => scalar(option, String(one)));
  return scalar(option, String(value));
}

function scalar(option: Parameter, text: string): unknown {
  if (option.kind !== "number") return text;
  const number = Number(text);
  if (text.trim() === "" || !Number.isFinite(number)) {
    throw invalid(`--${option.name}: “${text}” is not a number.`);
  }
  return number;
}

function inputOf(
  command: Command,
  argument: Argument,
  index: number,
  typed: ReadonlyMap<Parameter, unknown>,
): unknown {
  const own = [...typed].filter(([parameter]) => parameter.index === index);
  if (argument.json) {
    const value: Record<string, unknown> = {};
    for (const [parameter, leaf] of own) if (leaf !== undefined) put(value, parameter.path, leaf);
    check(command, argument, index, value);
    // The agent fills in what was left out, so that both always mean the same by it.
    return value;
  }
  const [found] = own;
  if (argument.content !== undefined && found !== undefined) return named(...found);
  const value = found?.[1] ?? found?.[0].fallback;
  if (value === undefined && found?.[0].required === false) {
    const leftOut = v.safeParse(argument.schema, undefined);
    return leftOut.success ? leftOut.output : undefined;
  }
  return check(command, argument, index, value);
}

/** Content is only named here, by file: a command line can be read by everybody on the machine. */
function named({ name }: Parameter, word: unknown): string {
  const text = String(word);
  if (text === "-" || (text.startsWith("@") && text.length > 1)) return text;
  throw invalid(`--${name}: name a file as @FILE, or - for standard input.`);
}

function put(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [key, ...rest] = path;
  if (key === undefined) return;
  if (rest.length === 0) {
    target[key] = value;
    return;
  }
  const inner = (target[key] ?? {}) as Record<string, unknown>;
  target[key] = inner;
  put(inner, rest, value);
}

/** The same schema and so the same sentence as in the agent, under the name that was typed. */
function check(command: Command, argument: Argument, index: number, value: unknown): unknown {
  const result = v.safeParse(argument.schema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const keys = (issue.path ?? []).map(({ key }) => String(key));
  const option = command.options.find(
    ({ index: at, path }) => at === index && path.every((key, depth) => keys[depth] === key),
  );
  const where = option === undefined ? argument.name.toUpperCase() : `--${option.name}`;
  throw invalid(`${where}: ${issue.message}`);
}

function invalid(message: string): DsecosError {
  return new DsecosError("InvalidArgument", message);
}
