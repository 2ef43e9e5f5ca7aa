/** The whole command line: help, completion, and the verbs of the contracts. */
import { AgentClient } from "../bus/client.ts";
import type { Interface } from "../bus/contract.ts";
import { type Command, commandsOf, positionalWord, synopsis } from "../bus/derive/commands.ts";
import { completion, type Shell, shells } from "../bus/derive/completion.ts";
import { exitCodeOf } from "../bus/derive/exit-codes.ts";
import { DsecosError } from "../bus/errors.ts";
import { commandHelp, programHelp, subsystemHelp } from "./help.ts";
import { offlineVerbs } from "./offline.ts";
import { type ParsedCall, parseCall } from "./parse.ts";
import { runCommand } from "./run.ts";
import type { Terminal } from "./terminal.ts";
import { harmless } from "./text.ts";

export interface Program {
  readonly contracts: readonly Interface[];
  readonly version: string;
  readonly terminal: Terminal;
  readonly connect?: () => Promise<AgentClient>;
}

/**
 * @param words what follows `dsecos`
 * @returns the exit code, as the man page explains it
 */
export async function runProgram(words: readonly string[], program: Program): Promise<number> {
  try {
    return await run(words, program);
  } catch (error) {
    if (!(error instanceof DsecosError)) throw error;
    program.terminal.tell(`dsecos: ${harmless(error.message)}`);
    return exitCodeOf(error.code);
  }
}

async function run(words: readonly string[], program: Program): Promise<number> {
  const { terminal, version } = program;
  const commands = commandsOf(program.contracts);
  const width = Math.min(terminal.screen.width, 100);
  const [subsystem, verb] = words.filter((word) => !word.startsWith("-"));
  const asksHelp = words.includes("--help") || words.includes("-h");
  if (subsystem === undefined || subsystem === "help") {
    if (words.includes("--version")) terminal.print(`dsecos ${version}`);
    else terminal.print(programHelp(commands, width));
    return words.length > 0 ? 0 : exitCodeOf("InvalidArgument");
  }
  if (subsystem === "completion") return printCompletion(verb, program);
  const own = commands.filter((command) => command.subsystem === subsystem);
  if (own.length === 0) throw unknown(subsystem, [...new Set(commands.map((c) => c.subsystem))]);
  if (verb === undefined) {
    terminal.print(subsystemHelp(own, width));
    return asksHelp ? 0 : exitCodeOf("InvalidArgument");
  }
  const command = own.find((candidate) => candidate.verb === verb);
  if (command === undefined)
    throw unknown(
      `${subsystem} ${verb}`,
      own.map((c) => c.verb),
    );
  return await runVerb(command, words, program, width);
}

async function runVerb(
  command: Command,
  words: readonly string[],
  program: Program,
  width: number,
): Promise<number> {
  const { terminal } = program;
  // The first two plain words were taken: options may stand anywhere.
  const rest = [...words];
  for (const name of [command.subsystem, command.verb]) rest.splice(rest.indexOf(name), 1);
  const parsed = parseCall(command, rest);
  if (parsed.common.has("help")) {
    terminal.print(commandHelp(command, width));
    return 0;
  }
  const here = offlineVerbs[`${command.subsystem}.${command.member}`];
  if (command.offline !== undefined && here !== undefined) {
    if (parsed.inputs[0] !== undefined) return await here(parsed, terminal, connectOf(program));
    return await askAgent(...withoutOptions(command, parsed), program);
  }
  return await askAgent(command, parsed, program);
}

/** What the command line does itself when something is named, the agent does when nothing is. */
function withoutOptions(command: Command, parsed: ParsedCall): [Command, ParsedCall] {
  const [positional] = command.positionals;
  const agent = command.offline?.agent;
  const options = Object.keys((parsed.inputs[1] ?? {}) as object);
  if (agent === undefined || options.length > 0) {
    const word = positional === undefined ? "An argument" : positionalWord(positional);
    throw new DsecosError("InvalidArgument", `${word} is missing: ${synopsis(command)}`);
  }
  return [agent, { ...parsed, inputs: [] }];
}

function connectOf(program: Program): () => Promise<AgentClient> {
  return program.connect ?? (() => AgentClient.connect());
}

async function askAgent(command: Command, parsed: ParsedCall, program: Program): Promise<number> {
  const client = await connectOf(program)();
  try {
    return await runCommand(command, parsed, client, program.terminal);
  } finally {
    client.close();
  }
}

function printCompletion(shell: string | undefined, { contracts, terminal }: Program): number {
  if (!shells.includes(shell as Shell)) throw unknown(`completion ${shell ?? ""}`, shells);
  terminal.print(completion(contracts, shell as Shell));
  return 0;
}

function unknown(what: string, known: readonly string[]): DsecosError {
  const text = `There is no “${what.trim()}”; there is ${known.join(", ")}.`;
  return new DsecosError("InvalidArgument", text);
}
