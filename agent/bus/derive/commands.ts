/** The command line's verbs, from the members of the contracts. */
import { offline } from "../../offline.ts";
import type { Interface, Method } from "../contract.ts";
import { kebab, optionsOf, type Parameter, positionalsOf } from "./parameters.ts";

export interface Command {
  readonly subsystem: string;
  /** Member in kebab-case: `list-tenant` for `ListTenant`. */
  readonly verb: string;
  readonly definition: Interface;
  readonly member: string;
  readonly method: Method;
  readonly positionals: readonly Parameter[];
  readonly options: readonly Parameter[];
  /** Carried out by the command line itself; with `agent` for when nothing is named to do it to. */
  readonly offline?: { readonly agent: Command | undefined };
}

/** Options that every verb has, beside its own. */
export const commonOptions = [
  { name: "json", description: "Print the reply as one JSON document, for programs." },
  {
    name: "no-wait",
    description: "Print the id of the job, or the path of the console, instead of following it.",
  },
  {
    name: "wait-approval",
    description: "Where a second person must agree: wait until they do, then go on.",
  },
  { name: "yes", description: "Do not ask for confirmation." },
  { name: "help", description: "Explain the verb with an example." },
] as const;

/** Members of the contracts, and what the command line does by itself. */
export function commandsOf(contracts: readonly Interface[]): Command[] {
  const asked = contracts.flatMap(commandsOfOne);
  const own = offline
    .flatMap(commandsOfOne)
    .map((one) => ({ ...one, offline: { agent: asked.find((other) => isSame(one, other)) } }));
  const commands = [
    ...asked.map((one) => own.find((other) => isSame(one, other)) ?? one),
    ...own.filter((one) => one.offline.agent === undefined),
  ];
  const names = commands.map(({ subsystem, verb }) => `${subsystem} ${verb}`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`two members are called ${twice}`);
  return commands;
}

function isSame(a: Command, b: Command): boolean {
  return a.subsystem === b.subsystem && a.verb === b.verb;
}

function commandsOfOne(definition: Interface): Command[] {
  return Object.entries(definition.methods).map(([member, method]) =>
    command(definition, member, method),
  );
}

function command(definition: Interface, member: string, method: Method): Command {
  const options = optionsOf(method);
  const reserved = options.find(({ name }) => commonOptions.some((common) => common.name === name));
  if (reserved !== undefined) throw new Error(`${member}: --${reserved.name} has another meaning`);
  return {
    subsystem: definition.subsystem,
    verb: kebab(member),
    definition,
    member,
    method,
    positionals: positionalsOf(`${definition.subsystem}.${member}`, method, definition.object),
    options,
  };
}

/** @returns for example `dsecos instances stop TENANT NAME... [--force]` */
export function synopsis(command: Command): string {
  const words = command.positionals.map((parameter) => {
    const word = positionalWord(parameter);
    return parameter.required ? word : `[${word}]`;
  });
  const must = command.options.filter((option) => option.required).map(optionWord);
  const may = command.options.filter((option) => !option.required).map((o) => `[${optionWord(o)}]`);
  return ["dsecos", command.subsystem, command.verb, ...words, ...must, ...may].join(" ");
}

/** @returns for example `TENANT`, or `NAME...` where all words that follow are taken */
export function positionalWord(parameter: Parameter): string {
  const word = parameter.name.toUpperCase();
  return parameter.list ? `${word.replace(/S$/, "")}...` : word;
}

/** @returns for example `--domain DOMAIN`, `--count N`, `--message @FILE`, `--force`, or `--no-start` for what holds by default */
export function optionWord(option: Parameter): string {
  if (option.kind === "boolean") return `--${option.fallback === true ? "no-" : ""}${option.name}`;
  const value = option.name.split("-").at(-1) ?? "";
  const words: Record<string, string> = { number: "N", content: "@FILE" };
  return `--${option.name} ${words[option.kind] ?? value.toUpperCase()}`;
}

/** Description of an option with its choices and what holds without it. */
export function optionText(option: Parameter): string {
  const parts = [option.description.replace(/\.$/, "")];
  if (option.choices.length > 0) parts.push(`one of ${option.choices.join(", ")}`);
  if (option.kind === "content") parts.push("@FILE reads it from a file, - from standard input");
  if (option.list) parts.push("may be given more than once");
  if (option.kind === "boolean" && option.fallback === true) parts.push("done unless told not to");
  const { fallback } = option;
  const told = typeof fallback === "string" ? fallback !== "" : typeof fallback === "number";
  if (told) parts.push(`${fallback} unless told`);
  return `${parts.join("; ")}.`;
}
