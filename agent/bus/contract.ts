/**
 * What a subsystem can be asked, as data. The dispatcher, the introspection XML, the bus policy,
 * the polkit actions and rules, the client of the pages, the command line and the reference are
 * all derived from these definitions. Imports nothing from node:, since the pages use it too.
 */
import * as v from "valibot";
import { base64Schema } from "./fields.ts";

export const roles = ["viewer", "operator", "officer", "auditor"] as const;
export type Role = (typeof roles)[number];

export const busName = "org.dsecos.Agent";
export const rootPath = "/org/dsecos";

/** One argument or result: `s`, `u`, `b` and `as` travel as they are, a document as JSON in `s`. */
export interface Argument<T = unknown, N extends string = string> {
  readonly name: N;
  readonly signature: "s" | "u" | "b" | "as";
  readonly json: boolean;
  readonly schema: v.GenericSchema<unknown, T>;
  readonly description: string;
  /**
   * Present for content in base64: how many bytes it has at most. It is content of somebody else,
   * so it is recorded by its length alone, and typed on no command line.
   */
  readonly content?: number;
  /**
   * Name of the argument that is approved in the place of this content: its SHA-256, or that of what it
   * stands for.
   */
  readonly approvedBy?: string;
}

type Schema<T> = v.GenericSchema<unknown, T>;

export function text<const N extends string, T extends string>(
  name: N,
  schema: Schema<T>,
  description: string,
): Argument<T, N> {
  return { name, signature: "s", json: false, schema, description };
}

/**
 * Content that is secret or large: base64 on the bus. Neither it nor a hash of it goes on record.
 * @param most bytes before they become base64
 * @param approvedBy name of the argument with that hash, to which whoever answers must hold it
 */
export function content<const N extends string>(
  name: N,
  most: number,
  description: string,
  approvedBy?: string,
): Argument<string, N> {
  const argument = { ...text(name, base64Schema(most), description), content: most };
  return approvedBy === undefined ? argument : { ...argument, approvedBy };
}

export function count<const N extends string>(
  name: N,
  schema: Schema<number>,
  description: string,
): Argument<number, N> {
  return { name, signature: "u", json: false, schema, description };
}

export function flag<const N extends string>(name: N, description: string): Argument<boolean, N> {
  return { name, signature: "b", json: false, schema: v.boolean(), description };
}

export function texts<const N extends string, T extends string>(
  name: N,
  schema: Schema<T>,
  description: string,
): Argument<T[], N> {
  const list = v.pipe(v.array(schema), v.minLength(1), v.maxLength(1000));
  return { name, signature: "as", json: false, schema: list, description };
}

/** A record or a page of records, one JSON document on the bus. */
export function document<const N extends string, T>(
  name: N,
  schema: Schema<T>,
  description: string,
): Argument<T, N> {
  return { name, signature: "s", json: true, schema, description };
}

export interface Action {
  readonly description: string;
  /** Groups `dsecos-<role>` that may; root always may. */
  readonly roles: readonly Role[];
}

export interface Method<A extends string = string> {
  readonly description: string;
  readonly in: readonly Argument[];
  readonly out: Argument;
  /** Key into the interface's actions. */
  readonly action: A;
  /** True for a member that changes something: intent and outcome go on record, durably. */
  readonly changes?: boolean;
  /**
   * True for a member whose every reading goes on record, not only the first of a connection; false
   * for one of which not even that does.
   */
  readonly recorded?: boolean;
  /**
   * For a recorded reading: a call of the same connection within ten minutes that differs from one
   * on record in these keys of its documents at most goes on with that reading, and is no new one.
   */
  readonly continues?: readonly string[];
  /** How many other people must approve the very same request first. */
  readonly approvals?: number;
  /** True when the result is the id of a job that goes on after the reply. */
  readonly job?: boolean;
  /**
   * Names of input arguments that polkit rules and the audit record see as tenant and object, or of
   * a key of a document: `spec.tenant`.
   */
  readonly tenant?: string;
  readonly object?: string;
  /** Limit for the whole call in seconds; 30 unless told. */
  readonly timeoutSeconds?: number;
  /** How many bytes all text arguments may have together; 64 KiB unless told. */
  readonly maxBytes?: number;
}

export interface Interface<
  A extends Record<string, Action> = Record<string, Action>,
  M extends Record<string, Method> = Record<string, Method>,
  S extends Record<string, Argument> = Record<string, Argument>,
> {
  /** `org.dsecos.<Subsystem>1` */
  readonly name: string;
  readonly subsystem: string;
  readonly description: string;
  /** Path of the one object, or of the parent when the interface has an object argument. */
  readonly path: string;
  /** Present where every object is one thing: its id is the last part of the path. */
  readonly object?: Argument<string>;
  readonly actions: A;
  readonly methods: M;
  readonly signals: S;
}

/** Checks what types cannot, and keeps the literal types for handlers and clients. */
export function defineInterface<
  const A extends Record<string, Action>,
  const M extends Record<string, Method<Extract<keyof A, string>>>,
  const S extends Record<string, Argument>,
  const O extends Argument<string> | undefined = undefined,
>(
  definition: Omit<Interface<A, M, S>, "object"> & { readonly object?: O },
): Interface<A, M, S> & (O extends Argument ? { readonly object: O } : unknown) {
  const { name, subsystem, methods } = definition;
  if (!/^org\.dsecos\.[A-Z][A-Za-z]*[0-9]+$/.test(name)) throw new Error(`bad name ${name}`);
  if (!/^[a-z]+$/.test(subsystem)) throw new Error(`bad subsystem ${subsystem}`);
  for (const [member, method] of Object.entries(methods)) {
    const names = method.in.map((argument) => argument.name);
    if (new Set(names).size !== names.length) throw new Error(`${member}: argument named twice`);
    for (const named of [method.tenant, method.object]) {
      const known = named === undefined || named === definition.object?.name;
      const [argument = ""] = named?.split(".") ?? [];
      if (!known && !names.includes(argument)) throw new Error(`${member}: no argument ${named}`);
      const isHidden = method.in.some((one) => one.name === argument && one.content !== undefined);
      if (isHidden) throw new Error(`${member}: ${named} is content, which is told to nobody`);
    }
    const isHidden = method.in.some(
      ({ content, approvedBy = "" }) => content !== undefined && !names.includes(approvedBy),
    );
    if (method.approvals !== undefined && isHidden) {
      throw new Error(`${member}: nobody can approve content that is not on record`);
    }
    if (method.approvals !== undefined && !(method.changes && method.approvals >= 1)) {
      throw new Error(`${member}: approvals need a change and at least one approver`);
    }
  }
  return definition as never;
}

type ValueOf<A> = A extends Argument<infer T, string> ? T : never;
type ValuesOf<A extends readonly Argument[]> = { -readonly [K in keyof A]: ValueOf<A[K]> };

/** What a method takes and gives, in TypeScript's terms. */
export type InputsOf<M extends Method> = ValuesOf<M["in"]>;
export type OutputOf<M extends Method> = ValueOf<M["out"]>;

/** Handlers of an interface: the call first, then the object's id where there is one. */
export type Handlers<I extends Interface, Call> = {
  [K in keyof I["methods"]]: (
    call: Call,
    ...inputs: I extends { object: Argument }
      ? [string, ...InputsOf<I["methods"][K]>]
      : InputsOf<I["methods"][K]>
  ) => Promise<OutputOf<I["methods"][K]>>;
};

export function actionId(definition: Interface, action: string): string {
  return `org.dsecos.${definition.subsystem}.${action.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;
}

/** D-Bus signature of a method's input or output. */
export function signatureOf(args: readonly Argument[]): string {
  return args.map((argument) => argument.signature).join("");
}
