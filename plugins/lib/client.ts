/** Typed calls, derived from the contracts: `client(tenants).Show("mod-defense")`. */
import * as v from "valibot";
import {
  type Argument,
  type InputsOf,
  type Interface,
  type Method,
  type OutputOf,
  signatureOf,
} from "../../agent/bus/contract.ts";
import { type BusCall, badReply, call, onSignal } from "./connection.ts";
import { PageError } from "./errors.ts";

export type Client<I extends Interface> = {
  [K in keyof I["methods"]]: (
    ...inputs: InputsOf<I["methods"][K]>
  ) => Promise<OutputOf<I["methods"][K]>>;
};

/** How a call gets to an agent. */
export type Send = (request: BusCall) => Promise<unknown>;

/** The agent answers within its own limit; the page gives it this much longer to say so. */
const graceMs = 5000;

/**
 * @param object id of the one object where every object of the interface is one thing
 * @param send to another agent than that of the page
 */
export function client<I extends Interface>(
  definition: I,
  object?: string,
  send: Send = call,
): Client<I> {
  const path = object === undefined ? definition.path : `${definition.path}/${object}`;
  const members = Object.entries(definition.methods).map(([member, method]) => [
    member,
    (...inputs: unknown[]) => invoke(definition, path, member, method, inputs, send),
  ]);
  return Object.fromEntries(members) as Client<I>;
}

/** Calls a member that is known only at run time, for example from an approved request. */
export async function invoke(
  definition: Interface,
  path: string,
  member: string,
  method: Method,
  inputs: unknown[],
  send: Send = call,
): Promise<unknown> {
  const reply = await send({
    path,
    interface: definition.name,
    member,
    signature: signatureOf(method.in),
    args: method.in.map((argument, index) => encode(argument, inputs[index])),
    timeout: (method.timeoutSeconds ?? 30) * 1000 + graceMs,
  });
  return decode(member, method.out, reply);
}

function encode(argument: Argument, input: unknown): unknown {
  const parsed = v.safeParse(argument.schema, input);
  if (!parsed.success) throw new PageError("InvalidArgument", parsed.issues[0].message);
  return argument.json ? JSON.stringify(parsed.output) : parsed.output;
}

function decode(member: string, argument: Argument, reply: unknown): unknown {
  let value = reply;
  if (argument.json) {
    try {
      value = JSON.parse(String(reply));
    } catch (cause) {
      throw badReply(member, String(cause));
    }
  }
  const parsed = v.safeParse(argument.schema, value);
  if (parsed.success) return parsed.output;
  const issue = parsed.issues[0];
  throw badReply(member, `${v.getDotPath(issue) ?? ""} ${issue.message}`);
}

type SignalValue<I extends Interface, S extends keyof I["signals"]> =
  I["signals"][S] extends Argument<infer T, string> ? T : never;

/** Hears one signal, decoded and checked; what does not fit the contract is an error on the console. */
export function listen<I extends Interface, S extends keyof I["signals"] & string>(
  definition: I,
  signal: S,
  listener: (value: SignalValue<I, S>, path: string) => void,
): () => void {
  const argument = definition.signals[signal];
  return onSignal(definition.name, (path, member, args) => {
    if (member !== signal || !argument) return;
    try {
      listener(decode(signal, argument, args[0]) as SignalValue<I, S>, path);
    } catch (cause) {
      console.error(`${definition.name}.${signal}`, cause);
    }
  });
}
