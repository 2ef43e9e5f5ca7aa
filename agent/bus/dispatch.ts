/**
 * The one way of every call: contract and signature, size, identity, schema, permission, second
 * person, audit intent, effect, audit outcome, reply. No member has a way of its own.
 */
import { randomBytes } from "node:crypto";
import type { ApprovalGate } from "../approvals/service.ts";
import type { AuditEvent, AuditWriter } from "../audit/types.ts";
import { explain, type Log } from "../log.ts";
import type { Call, Caller } from "./call.ts";
import type { BusConnection } from "./connection.ts";
import { actionId, type Interface, type Method, signatureOf } from "./contract.ts";
import { DsecosError } from "./errors.ts";
import type { Identities } from "./identity.ts";
import type { Details, Polkit } from "./polkit.ts";
import { Readings } from "./readings.ts";
import { aboutOf, eventOf, type Facts, isResultRecorded, orNone } from "./recorded.ts";
import { Refusals } from "./refusals.ts";
import { answerStandard, lastOf, StandardError, type Tree } from "./standard.ts";
import { checkInput, checkInputs, defaultMaximumBytes, encode } from "./validate.ts";
import type { Head, Incoming } from "./wire.ts";
import { noReplyExpected } from "./wire.ts";

export type Handler = (call: Call, ...inputs: never[]) => Promise<unknown>;
/** Describes the state of what a call is about; an approval holds only while it stays the same. */
export type Fingerprint = (call: Call, ...inputs: never[]) => Promise<string>;

/**
 * Reads who must approve a call, for members whose contract asks for approval. Whatever it gives is
 * checked, and anything that is no quorum refuses the call.
 */
export type QuorumRule = (call: Call, ...inputs: never[]) => Promise<unknown>;

export interface Service {
  handlers: Record<string, Handler>;
  fingerprints?: Record<string, Fingerprint>;
  quorums?: Record<string, QuorumRule>;
}

export interface Parts {
  bus: BusConnection;
  identities: Identities;
  polkit: Polkit;
  approvals: ApprovalGate;
  audit: AuditWriter;
  node: string;
  tree: Tree;
  log: Log;
}

interface Route {
  contract: Interface;
  member: string;
  method: Method;
  service: Service;
}

/** What goes on record of a member's effect, and whether its result does. */
interface Effect {
  event: AuditEvent;
  facts: Facts;
  recorded: boolean;
}

/** One connection may have this many calls under way; a person's session needs about 50. */
const mostPerConnection = 64;
const mostInAll = 512;

export class Dispatcher {
  readonly #parts: Parts;
  readonly #services = new Map<string, { contract: Interface; service: Service }>();
  readonly #pending = new Map<string, number>();
  /** What was read by which connection and is on record already. */
  readonly #recordedReads = new Set<string>();
  readonly #readings = new Readings();
  readonly #refusals: Refusals;
  #inAll = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#refusals = new Refusals(parts.audit, parts.log);
    parts.bus.onCall = (message) => {
      this.#answer(message).catch((error) => {
        parts.log("error", "a reply could not be sent", { error: explain(error) });
      });
    };
  }

  serve(contract: Interface, service: Service): void {
    for (const member of Object.keys(service.quorums ?? {})) {
      // Such a rule would never be read.
      if (contract.methods[member]?.approvals === undefined) {
        throw new Error(`${contract.name}.${member} has a quorum and asks for no approval`);
      }
    }
    this.#services.set(contract.name, { contract, service });
  }

  async #answer(message: Incoming): Promise<void> {
    const { head } = message;
    const { bus } = this.#parts;
    const quiet = (head.flags & noReplyExpected) !== 0;
    try {
      const answer = await this.#run(message);
      if (!quiet) bus.reply(head, answer.signature, answer.body);
    } catch (error) {
      const { name, text } = this.#presentable(head, error);
      if (!quiet) bus.replyError(head, name, text);
    }
  }

  async #run(message: Incoming): Promise<{ signature: string; body: unknown[] }> {
    const { head } = message;
    const standard = answerStandard(head, message.body, this.#parts.tree);
    if (standard !== undefined) return standard;
    const route = this.#route(head);
    this.#enter(head.sender);
    try {
      const output = await this.#pipeline(route, message);
      const { out } = route.method;
      return { signature: out.signature, body: [encode(out, output)] };
    } finally {
      this.#leave(head.sender);
    }
  }

  #route(head: Head): Route {
    const found = this.#services.get(head.interface);
    if (found === undefined) {
      throw new StandardError("UnknownInterface", `There is no interface “${head.interface}”.`);
    }
    const { contract, service } = found;
    const object = contract.object !== undefined;
    const fits = object ? head.path.startsWith(`${contract.path}/`) : head.path === contract.path;
    if (!fits) throw new StandardError("UnknownObject", `There is no object ${head.path}.`);
    const method = Object.hasOwn(contract.methods, head.member)
      ? contract.methods[head.member]
      : undefined;
    if (method === undefined) {
      const what = `${contract.name} has no member “${head.member}”.`;
      throw new StandardError("UnknownMethod", what);
    }
    const wanted = signatureOf(method.in);
    if (head.signature !== wanted) {
      const what = `${head.member} takes “${wanted}”, not “${head.signature}”.`;
      throw new DsecosError("InvalidArgument", what);
    }
    const most = method.maxBytes ?? defaultMaximumBytes;
    if (head.size > most) {
      throw new DsecosError("InvalidArgument", `${head.member} takes at most ${most} bytes.`);
    }
    return { contract, member: head.member, method, service };
  }

  #enter(connection: string): void {
    const pending = this.#pending.get(connection) ?? 0;
    if (pending >= mostPerConnection || this.#inAll >= mostInAll) {
      throw new DsecosError("Unavailable", "Too many calls at once; wait for some to end.");
    }
    this.#pending.set(connection, pending + 1);
    this.#inAll += 1;
  }

  #leave(connection: string): void {
    const pending = (this.#pending.get(connection) ?? 1) - 1;
    if (pending === 0) this.#pending.delete(connection);
    else this.#pending.set(connection, pending);
    this.#inAll -= 1;
  }

  async #pipeline(route: Route, message: Incoming): Promise<unknown> {
    const { contract, member, method, service } = route;
    const caller = await this.#parts.identities.of(message.head.sender);
    const limit = AbortSignal.timeout((method.timeoutSeconds ?? 30) * 1000);
    const facts: Facts = {};
    const call: Call & { approvers: readonly string[] } = {
      id: randomBytes(8).toString("hex"),
      caller,
      member: `${contract.subsystem}.${member}`,
      signal: limit,
      approvers: [],
      note: (more) => Object.assign(facts, more),
    };
    const object =
      contract.object === undefined ? [] : [checkInput(contract.object, lastOf(message.head.path))];
    const inputs = [...object, ...checkInputs(method, readBody(message))];
    const about = aboutOf(this.#parts.node, route, inputs);
    const event = eventOf(call, about, route, inputs);
    await this.#permit(route, caller, about, event);
    if (method.approvals !== undefined) {
      const describe = service.fingerprints?.[member] as
        | ((call: Call, ...inputs: unknown[]) => Promise<string>)
        | undefined;
      const state = (await describe?.(call, ...inputs)) ?? "";
      const rule = service.quorums?.[member] as
        | ((call: Call, ...inputs: unknown[]) => Promise<unknown>)
        | undefined;
      const quorum = rule && (() => rule(call, ...inputs));
      const request = { call, method, about, inputs, state, quorum };
      Object.assign(call, { approvers: await this.#parts.approvals.require(request) });
      event.details = { ...event.details, approvers: call.approvers };
    }
    const handler = service.handlers[member] as (
      call: Call,
      ...inputs: unknown[]
    ) => Promise<unknown>;
    if (!method.changes) return within(handler(call, ...inputs), limit, member);
    await this.#parts.audit.append({ ...event, outcome: "intent" });
    const recorded = isResultRecorded(method);
    return this.#effect(handler(call, ...inputs), limit, { event, facts, recorded });
  }

  /** The outcome is written before the caller hears of it. */
  async #effect(work: Promise<unknown>, limit: AbortSignal, effect: Effect): Promise<unknown> {
    const { event, facts, recorded } = effect;
    const { details: _details, ...rest } = event;
    let output: unknown;
    try {
      output = await within(work, limit, event.action);
    } catch (error) {
      const failure = error instanceof DsecosError ? error.message : "internal error";
      const details = orNone({ ...facts });
      await this.#outcome({ ...rest, outcome: "failure", error: failure, details }, failure);
      if (limit.aborted) this.#recordLate(work, rest, facts);
      throw error;
    }
    const result = recorded && typeof output === "string" ? { result: output } : {};
    const details = orNone({ ...facts, ...result });
    await this.#outcome({ ...rest, outcome: "success", details }, "it was done");
    return output;
  }

  async #outcome(event: AuditEvent, result: string): Promise<void> {
    try {
      await this.#parts.audit.append(event, "written");
    } catch (cause) {
      const what = `The outcome of ${event.action} (${result}) could not be recorded; free the disk of the audit log.`;
      throw new DsecosError("Unavailable", what, { cause });
    }
  }

  /** What ends after its caller was told that it takes too long still gets its outcome. */
  #recordLate(work: Promise<unknown>, event: Omit<AuditEvent, "outcome">, facts: Facts): void {
    const record = (outcome: "success" | "failure", error?: string) =>
      this.#parts.audit.append({ ...event, outcome, error, details: { ...facts, late: true } });
    work
      .then(
        () => record("success"),
        (error) =>
          record("failure", error instanceof DsecosError ? error.message : "internal error"),
      )
      .catch((error) => {
        this.#parts.log("error", "a late outcome could not be recorded", { error: explain(error) });
      });
  }

  /** A refusal goes on record, and so does the first use of each reading member by a connection. */
  async #permit(route: Route, caller: Caller, about: Details, event: AuditEvent): Promise<void> {
    const { contract, member, method } = route;
    const action = actionId(contract, method.action);
    const fresh = method.approvals !== undefined;
    if (!(await this.#parts.polkit.allows(caller, action, about, fresh))) {
      const roles = contract.actions[method.action]?.roles.map((role) => `dsecos-${role}`) ?? [];
      await this.#refusals.record({ ...event, outcome: "refused", error: "no permission" });
      const what = `${caller.user} may not do this; it needs the group ${roles.join(" or ")}.`;
      throw new DsecosError("Denied", what);
    }
    if (method.changes) return;
    if (method.recorded === false) return;
    if (method.recorded) {
      if (this.#readings.goesOn(caller.connection, method, event)) return;
      await this.#parts.audit.append(event);
      this.#readings.began(caller.connection, method, event);
      return;
    }
    this.#recordFirst(`${caller.connection} ${contract.name}.${member} ${about.tenant}`, event);
  }

  /** Not waited for: a page must be readable while the disk is full. */
  #recordFirst(key: string, { details: _details, ...event }: AuditEvent): void {
    if (this.#recordedReads.has(key)) return;
    if (this.#recordedReads.size > 10_000) this.#recordedReads.clear();
    this.#recordedReads.add(key);
    this.#parts.audit.append(event, "written").catch((error) => {
      this.#parts.log("warning", "a read could not be recorded", { error: explain(error) });
    });
  }

  #presentable(head: Head, error: unknown): { name: string; text: string } {
    if (error instanceof DsecosError || error instanceof StandardError) {
      if (error.cause !== undefined && isOurs(error)) {
        this.#parts.log("warning", "call failed", { member: head.member, error: explain(error) });
      }
      return { name: error.name, text: error.message };
    }
    const id = randomBytes(4).toString("hex");
    const stack = error instanceof Error ? error.stack : String(error);
    this.#parts.log("error", "internal error", { id, member: head.member, stack });
    const text = `An internal error happened; the journal of dsecos-agent explains it under ${id}.`;
    return { name: "org.dsecos.Error.Internal", text };
  }
}

/** What the caller did wrong is told to the caller alone; the rest is the journal's, too. */
function isOurs(error: Error): boolean {
  const name = error instanceof DsecosError ? error.code : "";
  return ["Unavailable", "Timeout", "Internal"].includes(name);
}

function readBody(message: Incoming): unknown[] {
  try {
    return message.body();
  } catch (cause) {
    throw new DsecosError("InvalidArgument", "The arguments cannot be read.", { cause });
  }
}

/** The effect may go on after its time is over; the caller only hears that it takes too long. */
function within<T>(work: Promise<T>, limit: AbortSignal, member: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () =>
      reject(new DsecosError("Timeout", `${member} takes too long; look whether it took place.`));
    limit.addEventListener("abort", late, { once: true });
    work.then(resolve, reject).finally(() => limit.removeEventListener("abort", late));
  });
}
