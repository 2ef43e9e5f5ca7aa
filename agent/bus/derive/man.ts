/** The man page dsecos(1), in the man macros of roff. */
import type { Interface } from "../contract.ts";
import {
  type Command,
  commandsOf,
  commonOptions,
  optionText,
  optionWord,
  positionalWord,
} from "./commands.ts";
import { exampleOf } from "./examples.ts";
import { exits } from "./exit-codes.ts";

export function manPage(contracts: readonly Interface[], version: string): string {
  const commands = commandsOf(contracts);
  const subsystems = [...new Set(commands.map((command) => command.subsystem))];
  return [
    `.TH DSECOS 1 "" "dsecos ${roff(version)}" "DsecOS"`,
    ".SH NAME",
    "dsecos \\- command line of a sovereign multi\\-tenant cloud",
    ".SH SYNOPSIS",
    ".B dsecos",
    ".I SUBSYSTEM VERB",
    "[\\fIARGUMENTS\\fR] [\\fIOPTIONS\\fR]",
    ".PP",
    ".B dsecos completion bash|zsh",
    ".SH DESCRIPTION",
    "Asks the agent of this node over the system bus. What a person may do is decided by the agent",
    "through polkit and the groups",
    ".BR dsecos\\-viewer ,",
    ".BR dsecos\\-operator ,",
    ".B dsecos\\-officer",
    "and",
    ".BR dsecos\\-auditor ;",
    "each act is recorded. Tables are for people; programs ask with",
    ".B \\-\\-json",
    "and look at the exit status.",
    ".SH COMMANDS",
    ...subsystems.flatMap((subsystem) => subsystemLines(subsystem, commands)),
    ".SH OPTIONS",
    "All commands take these:",
    ...commonOptions.flatMap(({ name, description }) => [
      ".TP",
      `.B ${roff(`--${name}`)}`,
      roff(description),
    ]),
    ".TP",
    `.B ${roff("--version")}`,
    "Print the version.",
    ".SH EXIT STATUS",
    ...exits.flatMap(({ code, meaning }) => [".TP", `.B ${code}`, roff(meaning)]),
    ".SH ENVIRONMENT",
    ".TP",
    ".B DBUS_SYSTEM_BUS_ADDRESS",
    "Address of the system bus, where it is not the usual one.",
    ".SH FILES",
    ".TP",
    ".I /etc/ceph/ceph.conf, /etc/ceph/ceph.client.dsecos.keyring",
    "The Ceph cluster that the agent asks, and its key there, which may read and nothing else.",
    ".TP",
    ".I /usr/share/doc/dsecos\\-agent/reference.md",
    "All members on the bus, with who may call them.",
    ".SH SEE ALSO",
    ".BR busctl (1),",
    ".BR pkaction (1),",
    ".BR polkit (8)",
    "",
  ].join("\n");
}

function subsystemLines(subsystem: string, commands: readonly Command[]): string[] {
  const own = commands.filter((command) => command.subsystem === subsystem);
  return [`.SS ${roff(subsystem)}`, ...own.flatMap(commandLines)];
}

function commandLines(command: Command): string[] {
  const { method } = command;
  const words = command.positionals.map((parameter) => {
    const word = `\\fI${roff(positionalWord(parameter))}\\fR`;
    return parameter.required ? word : `[${word}]`;
  });
  const lines = [
    ".TP",
    [`\\fBdsecos ${roff(`${command.subsystem} ${command.verb}`)}\\fR`, ...words].join(" "),
    roff(method.description),
  ];
  if (method.approvals) lines.push("A second person must approve it first.");
  if (command.options.length > 0) {
    lines.push(".RS");
    for (const option of command.options) {
      const [flag, value] = optionWord(option).split(" ");
      const shown = `\\fB${roff(flag ?? "")}\\fR${value ? ` \\fI${roff(value)}\\fR` : ""}`;
      lines.push(".TP", shown, roff(`${optionText(option)}${option.required ? " Required." : ""}`));
    }
    lines.push(".RE");
  }
  return [...lines, ".IP", "Example:", `.B ${roff(exampleOf(command))}`];
}

/** A long word, such as a hash, may be broken where a line ends, after a multiple of so many letters. */
const longest = /\w{16}(?=\w)/g;

/** Text that roff prints as it stands: hyphens stay hyphens, and no line becomes a request. */
function roff(text: string): string {
  const escaped = text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("'", "\\(aq");
  const broken = escaped.replaceAll(longest, "$&\\:");
  const plain = broken.replaceAll("“", "\\(lq").replaceAll("”", "\\(rq").replaceAll("–", "\\(en");
  return plain.startsWith(".") ? `\\&${plain}` : plain;
}
