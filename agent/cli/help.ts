/** Help on the program, a subsystem and a verb. */
import {
  type Command,
  commonOptions,
  optionText,
  optionWord,
  synopsis,
} from "../bus/derive/commands.ts";
import { exampleOf } from "../bus/derive/examples.ts";
import { wrap } from "./text.ts";

export function programHelp(commands: readonly Command[], width: number): string {
  const subsystems = new Map<string, string>();
  for (const { subsystem, definition } of commands) {
    if (!subsystems.has(subsystem)) subsystems.set(subsystem, definition.description);
  }
  return [
    "dsecos SUBSYSTEM VERB [ARGUMENTS] [OPTIONS]",
    "",
    ...columns([...subsystems], width),
    "",
    "dsecos SUBSYSTEM --help         what can be done, each with an example",
    "dsecos SUBSYSTEM VERB --help    arguments and options",
    "dsecos completion bash|zsh      completion, to be sourced by the shell",
    "dsecos --version",
    "",
    "For example:",
    "  dsecos tenants create mod-defense --domain defense_t --cpu 128 --ram 1TB --storage 50TB",
    "",
  ].join("\n");
}

export function subsystemHelp(commands: readonly Command[], width: number): string {
  const [first] = commands;
  return [
    `dsecos ${first?.subsystem} VERB: ${first?.definition.description}`,
    "",
    ...commands.flatMap((command) => [
      `  ${synopsis(command)}`,
      ...wrap(command.method.description, width - 6).map((line) => `      ${line}`),
      `      $ ${exampleOf(command)}`,
      "",
    ]),
  ].join("\n");
}

export function commandHelp(command: Command, width: number): string {
  const { method, positionals, options } = command;
  const section = (title: string, rows: [string, string][]) =>
    rows.length > 0 ? ["", `${title}:`, ...columns(rows, width)] : [];
  const notes = [
    ...(method.approvals ? ["A second person must approve it first."] : []),
    ...(method.job ? ["It is followed until it ends; interrupting this does not stop it."] : []),
  ];
  return [
    synopsis(command),
    "",
    ...wrap([method.description, ...notes].join(" "), width),
    ...section(
      "Arguments",
      positionals.map((parameter) => [parameter.name.toUpperCase(), parameter.description]),
    ),
    ...section(
      "Options",
      options.map((option) => [
        optionWord(option),
        `${optionText(option)}${option.required ? " Required." : ""}`,
      ]),
    ),
    ...section(
      "Options of every verb",
      commonOptions.map(({ name, description }) => [`--${name}`, description]),
    ),
    "",
    "For example:",
    `  ${exampleOf(command)}`,
    "",
  ].join("\n");
}

/** Names on the left, texts on the right, wrapped under themselves. */
function columns(rows: readonly (readonly [string, string])[], width: number): string[] {
  const left = Math.min(32, Math.max(...rows.map(([name]) => name.length)) + 2);
  return rows.flatMap(([name, text]) => {
    const lines = wrap(text, Math.max(24, width - left - 2));
    const own = name.length + 2 > left ? [`  ${name}`] : [];
    const texts = own.length > 0 ? lines : lines.slice(1);
    const first = own.length > 0 ? own : [`  ${name.padEnd(left)}${lines[0] ?? ""}`];
    return [...first, ...texts.map((line) => `  ${" ".repeat(left)}${line}`)];
  });
}
