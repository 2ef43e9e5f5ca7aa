/** Reference of everything on the bus, in Markdown, for people who write against it. */
import {
  type Argument,
  actionId,
  busName,
  type Interface,
  type Method,
  roles,
} from "../contract.ts";
import { errorCodes, errorPrefix } from "../errors.ts";
import { type Command, commandsOf, synopsis } from "./commands.ts";
import { exampleOf } from "./examples.ts";
import { exits } from "./exit-codes.ts";

const introduction = `# Reference of ${busName}

Generated from the contracts. The service is on the system bus. Arguments marked *JSON* are one JSON
document in a string; their schemas are published beside this file as
\`schema/<interface>.<member>.<argument>.json\`. Every interface also answers
\`org.freedesktop.DBus.Introspectable\` and \`org.freedesktop.DBus.Peer\`.

Who may call a member is decided by polkit on each call; the tables below are what the shipped rules
say. Members of the group \`dsecos-<role>\` have the role; root may call everything.
`;

export function referenceMarkdown(contracts: readonly Interface[]): string {
  const commands = commandsOf(contracts);
  return [
    introduction,
    errorSection(),
    ...contracts.map((definition) => interfaceSection(definition, commands)),
  ].join("\n");
}

function errorSection(): string {
  const rows = errorCodes.map((code) => {
    const exit = exits.find((candidate) => candidate.errors.includes(code));
    return [`\`${errorPrefix}${code}\``, exit?.meaning ?? "", `${exit?.code ?? 1}`];
  });
  return `## Errors

The message of an error is one sentence that says what to do. Any member may answer with any of
these; \`NeedsApproval\` comes only from members that ask for a second person.

${table(["Error", "Meaning", "Exit code of `dsecos`"], rows)}
`;
}

function interfaceSection(definition: Interface, commands: readonly Command[]): string {
  const path = definition.object
    ? `${definition.path}/<${definition.object.name}>`
    : definition.path;
  const heads = ["Member", "polkit action", ...roles];
  const rows = Object.entries(definition.methods).map(([member, method]) => {
    const allowed = definition.actions[method.action]?.roles ?? [];
    const marks = roles.map((role) => (allowed.includes(role) ? "yes" : "–"));
    return [member, `\`${actionId(definition, method.action)}\``, ...marks];
  });
  const members = commands
    .filter((command) => command.definition === definition)
    .map((command) => memberSection(command));
  return [
    `## ${definition.name}\n`,
    `${definition.description} Object path: \`${path}\`.\n`,
    `${table(heads, rows)}\n`,
    ...members,
    ...Object.entries(definition.signals).map(([name, argument]) => signalSection(name, argument)),
  ].join("\n");
}

function memberSection(command: Command): string {
  const { member, method } = command;
  const inputs = method.in.map((argument) => `- ${argumentText(argument)}`);
  return [
    `### ${member}(${method.in.map(typed).join(", ")}) → ${typed(method.out)}\n`,
    `${method.description}\n`,
    ...inputs,
    `- returns ${argumentText(method.out)}\n`,
    ...facts(method).map((fact) => `${fact}\n`),
    "```sh",
    `${synopsis(command)}`,
    `${exampleOf(command)}   # for example`,
    "```\n",
  ].join("\n");
}

function facts(method: Method): string[] {
  const found: string[] = [];
  if (method.changes) found.push("Changes something: intent and outcome go on record.");
  if (method.approvals) {
    const people = method.approvals === 1 ? "One other person" : `${method.approvals} other people`;
    found.push(`${people} must approve the very same request first (\`NeedsApproval\`).`);
  }
  if (method.job) found.push("Goes on as a job after the reply: see `org.dsecos.Job1`.");
  if (method.timeoutSeconds) found.push(`Answers within ${method.timeoutSeconds} seconds.`);
  return found.length > 0 ? [found.join(" ")] : [];
}

function signalSection(name: string, argument: Argument): string {
  return `### Signal ${name}(${typed(argument)})\n\n- ${argumentText(argument)}\n`;
}

function typed(argument: Argument): string {
  return `${argument.signature} ${argument.name}`;
}

function argumentText(argument: Argument): string {
  return `\`${argument.name}\`${argument.json ? " (*JSON*)" : ""}: ${argument.description}`;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(heads), line(heads.map(() => "---")), ...rows.map(line)].join("\n");
}
