/** What of a call goes on record, and what of it polkit is told. */
import type { AuditEvent } from "../audit/types.ts";
import type { Call } from "./call.ts";
import type { Argument, Interface, Method } from "./contract.ts";
import { lengthOfBase64 } from "./fields.ts";
import type { Details } from "./polkit.ts";

export type Facts = Record<string, unknown>;

interface Called {
  readonly contract: Interface;
  readonly method: Method;
}

function argumentsOf({ contract, method }: Called): Argument[] {
  return [...(contract.object ? [contract.object] : []), ...method.in];
}

/** @returns tenant and object of a call, from the arguments that the contract names */
export function aboutOf(node: string, called: Called, inputs: readonly unknown[]): Details {
  const names = argumentsOf(called).map(({ name }) => name);
  const value = (named: string | undefined) => {
    if (named === undefined) return undefined;
    const [name = "", key] = named.split(".");
    const input = inputs[names.indexOf(name)];
    if (key === undefined) return String(input);
    const member = (input as Record<string, unknown>)[key];
    return member === undefined ? undefined : String(member);
  };
  const tenant = value(called.method.tenant);
  const object = value(called.method.object);
  return {
    node,
    ...(tenant === undefined ? {} : { tenant }),
    ...(object === undefined ? {} : { object }),
  };
}

/** @returns the event of a call with its arguments; its outcome is for who records it */
export function eventOf(
  { id, caller, member }: Call,
  { tenant, object }: Details,
  called: Called,
  inputs: readonly unknown[],
): AuditEvent {
  const { user, uid, loginuid, pid, label } = caller;
  const details = Object.fromEntries(
    argumentsOf(called).map((argument, i) => [argument.name, shown(argument, inputs[i])]),
  );
  const actor = { actor: user, uid, loginuid, pid, label };
  return { action: member, outcome: "success", ...actor, tenant, object, call: id, details };
}

/** What comes of content may be content, or tell of it. */
export function isResultRecorded({ in: inputs, out }: Method): boolean {
  return !isContent(out) && !inputs.some(isContent);
}

export function orNone(facts: Facts): Facts | undefined {
  return Object.keys(facts).length > 0 ? facts : undefined;
}

function isContent(argument: Argument): boolean {
  return argument.content !== undefined;
}

/** An argument as the record has it: of content, how much it is. */
function shown(argument: Argument, value: unknown): unknown {
  return isContent(argument) ? { bytes: lengthOfBase64(String(value)) } : value;
}
