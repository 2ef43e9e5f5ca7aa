/** One verb from its words to its exit code. */
import type { AgentClient } from "../bus/client.ts";
import type { InputsOf, Method } from "../bus/contract.ts";
import type { Command } from "../bus/derive/commands.ts";
import { exitCodeOf } from "../bus/derive/exit-codes.ts";
import { lookedUp } from "../bus/derive/parameters.ts";
import { DsecosError } from "../bus/errors.ts";
import { instances } from "../instances/contract.ts";
import { confirmApproval, howToApprove, requestIn, waitForApproval } from "./approval.ts";
import { readContents } from "./contents.ts";
import { followJob, jobSummary } from "./job.ts";
import { present } from "./output.ts";
import type { ParsedCall } from "./parse.ts";
import type { Terminal } from "./terminal.ts";

/** @throws DsecosError. @returns the exit code. */
export async function runCommand(
  command: Command,
  parsed: ParsedCall,
  client: AgentClient,
  terminal: Terminal,
): Promise<number> {
  const { common } = parsed;
  const typed = await complete(command, parsed, client, terminal);
  const inputs = await readContents(command.method, typed);
  const reply = await callApproved(command, { ...parsed, inputs }, client, terminal);
  const json = common.has("json");
  if (command.method.job && !common.has("no-wait")) {
    return await follow(String(reply), client, terminal, json);
  }
  if (isConsole(command) && terminal.join !== undefined && !json && !common.has("no-wait")) {
    terminal.tell("Connected. Press Enter to see the prompt; Ctrl-] leaves.");
    await terminal.join(String(reply));
    return 0;
  }
  if (json) terminal.print(JSON.stringify(reply, null, 2));
  else if (command.method.out.content !== undefined && terminal.printBytes !== undefined)
    terminal.printBytes(Buffer.from(String(reply), "base64"));
  else terminal.print(present(command, reply, terminal.screen));
  return 0;
}

function isConsole({ subsystem, member }: Command): boolean {
  return subsystem === instances.subsystem && member === "OpenConsole";
}

/** Fills in what the person need not type: the hash of the request that is to be approved. */
async function complete(
  command: Command,
  { inputs, common }: ParsedCall,
  client: AgentClient,
  terminal: Terminal,
): Promise<unknown[]> {
  const { subsystem, member, method } = command;
  const at = method.in.findIndex(({ name }) => `${subsystem}.${member}.${name}` === lookedUp);
  if (at < 0 || inputs[at] !== undefined) return inputs;
  const hash = await confirmApproval(client, String(inputs[0]), common.has("yes"), terminal);
  return inputs.with(at, hash);
}

async function callApproved(
  command: Command,
  parsed: ParsedCall,
  client: AgentClient,
  terminal: Terminal,
): Promise<unknown> {
  const { definition, member } = command;
  const object = parsed.object === undefined ? {} : { object: parsed.object };
  const call = () =>
    client.call(definition, member, parsed.inputs as InputsOf<Method>, object) as Promise<unknown>;
  try {
    return await call();
  } catch (error) {
    const waits = error instanceof DsecosError && error.code === "NeedsApproval";
    const request = waits ? requestIn(error.message) : undefined;
    if (request === undefined) throw error;
    if (!parsed.common.has("wait-approval")) {
      terminal.tell(howToApprove(request).join("\n"));
      throw error;
    }
    terminal.tell((error as DsecosError).message);
    terminal.tell(howToApprove(request).join("\n"));
    await waitForApproval(client, request, terminal);
    return await call();
  }
}

async function follow(
  id: string,
  client: AgentClient,
  terminal: Terminal,
  json: boolean,
): Promise<number> {
  const onInterrupt = () => {
    terminal.progress("");
    terminal.tell(`It goes on without you: dsecos jobs show ${id}`);
    process.exit(130);
  };
  process.once("SIGINT", onInterrupt);
  try {
    const record = await followJob(client, id, terminal);
    terminal.print(json ? JSON.stringify(record, null, 2) : jobSummary(record).join("\n"));
    return record.state === "succeeded" ? 0 : exitCodeOf("Internal");
  } finally {
    process.removeListener("SIGINT", onInterrupt);
  }
}
