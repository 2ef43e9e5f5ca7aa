/** Completion of the command line in bash and zsh: subsystems, verbs, options and choices. */
import type { Interface } from "../contract.ts";
import { type Command, commandsOf, commonOptions, optionText, optionWord } from "./commands.ts";

export const shells = ["bash", "zsh"] as const;
export type Shell = (typeof shells)[number];

export function completion(contracts: readonly Interface[], shell: Shell): string {
  const commands = commandsOf(contracts);
  return shell === "bash" ? bash(commands) : zsh(commands);
}

function subsystemsOf(commands: readonly Command[]): string[] {
  return [...new Set(commands.map((command) => command.subsystem)), "completion"];
}

function flagOf(option: Command["options"][number]): string {
  return optionWord(option).split(" ")[0] ?? "";
}

const commonFlags = commonOptions.map(({ name }) => `--${name}`);

function bash(commands: readonly Command[]): string {
  const subsystems = subsystemsOf(commands);
  const verbs = subsystems.map((subsystem) => {
    const own = commands.filter((command) => command.subsystem === subsystem);
    const words = subsystem === "completion" ? shells : own.map((command) => command.verb);
    return `    ${subsystem}) words="${words.join(" ")}" ;;`;
  });
  const flags = commands.map((command) => {
    const own = command.options.map(flagOf);
    return `    "${command.subsystem} ${command.verb}") words="${[...own, ...commonFlags].join(" ")}" ;;`;
  });
  const choices = commands.flatMap((command) =>
    command.options
      .filter((option) => option.choices.length > 0)
      .map(
        (option) =>
          `    "${command.subsystem} ${command.verb} --${option.name}") words="${option.choices.join(" ")}" ;;`,
      ),
  );
  return `# bash completion for dsecos, generated from the contracts
_dsecos() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} words=""
  local subsystem=\${COMP_WORDS[1]} verb=\${COMP_WORDS[2]}
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${subsystems.join(" ")} --help --version"
  elif [ "$COMP_CWORD" -eq 2 ]; then
    case "$subsystem" in
${verbs.join("\n")}
    esac
  else
    case "$subsystem $verb $previous" in
${choices.join("\n")}
    esac
    if [ -z "$words" ]; then
      case "$subsystem $verb" in
${flags.join("\n")}
      esac
    fi
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -o default -F _dsecos dsecos
`;
}

function zsh(commands: readonly Command[]): string {
  const subsystems = subsystemsOf(commands);
  const verbs = subsystems.map((subsystem) => {
    const own = commands.filter((command) => command.subsystem === subsystem);
    const words =
      subsystem === "completion"
        ? shells.map((shell) => `'${shell}'`)
        : own.map((command) => quoted(`${command.verb}:${command.method.description}`));
    return `      ${subsystem}) verbs=(${words.join(" ")}); _describe verb verbs ;;`;
  });
  return `#compdef dsecos
# zsh completion for dsecos, generated from the contracts
_dsecos() {
  local -a verbs
  if (( CURRENT == 2 )); then
    _values subsystem ${subsystems.join(" ")}
  elif (( CURRENT == 3 )); then
    case "$words[2]" in
${verbs.join("\n")}
    esac
  else
    local command="$words[2] $words[3]"
    shift 2 words
    (( CURRENT -= 2 ))
    case "$command" in
${commands.map(zshOptions).join("\n")}
    esac
  fi
}
_dsecos "$@"
`;
}

function zshOptions(command: Command): string {
  const own = command.options.map((option) => {
    const flag = flagOf(option);
    const text = bracketed(optionText(option));
    const repeat = option.list ? "*" : "";
    if (option.kind === "boolean") return quoted(`${repeat}${flag}[${text}]`);
    const files = option.kind === "content" ? "_files -P @" : "";
    const values = option.choices.length > 0 ? `(${option.choices.join(" ")})` : files;
    return quoted(`${repeat}${flag}[${text}]:${option.name}:${values}`);
  });
  const common = commonOptions.map(({ name, description }) =>
    quoted(`--${name}[${bracketed(description)}]`),
  );
  return `      "${command.subsystem} ${command.verb}") _arguments ${[...own, ...common].join(" ")} '*:argument:${command.offline === undefined ? "" : "_files"}' ;;`;
}

function bracketed(text: string): string {
  return text.replaceAll(/[[\]:]/g, " ");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "’")}'`;
}
