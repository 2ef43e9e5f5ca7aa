/** From the body of a message to checked values, and back. */
import * as v from "valibot";
import type { Argument, Method } from "./contract.ts";
import { DsecosError } from "./errors.ts";

export const defaultMaximumBytes = 64 * 1024;

/**
 * Checks the arguments of a call, in the order of the contract.
 * @throws DsecosError InvalidArgument that names the argument and what is wrong with it.
 */
export function checkInputs(method: Method, body: readonly unknown[]): unknown[] {
  return method.in.map((argument, index) => checkInput(argument, body[index]));
}

export function checkInput(argument: Argument, value: unknown): unknown {
  const result = v.safeParse(argument.schema, argument.json ? parse(argument, value) : value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = v.getDotPath(issue);
  const where = path === null ? argument.name : `${argument.name}.${path}`;
  throw new DsecosError("InvalidArgument", `${where}: ${issue.message}`);
}

function parse(argument: Argument, value: unknown): unknown {
  try {
    return JSON.parse(String(value));
  } catch (cause) {
    throw new DsecosError("InvalidArgument", `${argument.name}: this is not JSON.`, { cause });
  }
}

/** A document that became JSON in another thread, so that a large one does not hold this one. */
export class EncodedDocument {
  readonly json: string;

  constructor(json: string) {
    this.json = json;
  }
}

/** @returns the value as it travels: documents as JSON. */
export function encode(argument: Argument, value: unknown): unknown {
  if (value instanceof EncodedDocument) return value.json;
  return argument.json ? JSON.stringify(value) : value;
}
