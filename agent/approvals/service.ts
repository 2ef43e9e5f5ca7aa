/**
 * The second person. A member that needs one is refused with a request id; other people approve
 * exactly that request, and then the requester calls again. A request is bound to its requester,
 * its arguments, the state of its target and the quorum by one hash, holds for a limited time, and
 * serves once. Who approved must still be allowed to when it is carried out.
 *
 * Requests live in the audit log and nowhere else: at the start they are read back from it, so
 * nobody who can write Incus or a file of ours can forge an approval without breaking the chain.
 */
import { randomBytes } from "node:crypto";
import { canonical } from "../audit/canonical.ts";
import type { AuditEntry } from "../audit/contract.ts";
import type { AuditEvent, AuditWriter } from "../audit/types.ts";
import type { Call, Caller } from "../bus/call.ts";
import type { Handlers, Method } from "../bus/contract.ts";
import { DsecosError } from "../bus/errors.ts";
import type { Details } from "../bus/polkit.ts";
import type { ApprovalRecord, approvals } from "./contract.ts";
import type { People } from "./people.ts";
import { candidates, checkQuorum, idsOf, type Person } from "./quorum.ts";
import {
  type Approval,
  conflict,
  hashOf,
  mayApprove,
  nameOf,
  notAmong,
  type Request,
  waits,
} from "./request.ts";

export interface ApprovalRequest {
  call: Call;
  method: Method;
  about: Details;
  inputs: unknown[];
  /** Fingerprint of the target; empty when the member has none. */
  state: string;
  /** Reads the rule of who must approve; for a member without one, as many as its contract says. */
  quorum?: (() => Promise<unknown>) | undefined;
}

export interface ApprovalGate {
  /**
   * @returns names of those who approved; the approval is used up by this.
   * @throws DsecosError NeedsApproval with the request's id until enough people approved.
   */
  require(request: ApprovalRequest): Promise<string[]>;
}

/** Name under which requests and what comes of them stand in the audit log. */
export const approvalAction = "approvals.Request";

/** How long an ended request is still listed, in milliseconds. */
const listed = 86_400_000;
/** One person may have this many requests waiting. */
const mostPerRequester = 50;
/** Requests that ended and are still listed; all of them are in the audit log. */
const mostEnded = 500;
/** Of those who may approve, so many are named in a request. */
const mostNamed = 32;

export interface ApprovalsOptions {
  audit: AuditWriter;
  people: People;
  lifetimeSeconds: number;
  node: string;
  now?: () => number;
  changed?: (id: string) => void;
}

export class Approvals implements ApprovalGate {
  readonly handlers: Handlers<typeof approvals, Call>;
  readonly #options: ApprovalsOptions;
  readonly #requests = new Map<string, Request>();
  /** Requests whose approval is being used right now, so that it cannot be used twice. */
  readonly #busy = new Set<string>();

  constructor(options: ApprovalsOptions) {
    this.#options = options;
    this.handlers = {
      List: async () => this.#list(),
      Approve: (call, id, hash) => this.#approve(call.caller, id, hash),
      Reject: (call, id, reason) => this.#end(call.caller, id, "rejected", reason),
      Withdraw: (call, id) => this.#end(call.caller, id, "rejected", "withdrawn"),
    };
  }

  /** Takes up what the audit log tells, oldest entry first. */
  restore(entries: readonly AuditEntry[]): void {
    for (const entry of entries) {
      if (entry.action !== approvalAction) continue;
      const request = entry.details as unknown as Request | undefined;
      if (request?.record?.id === undefined || request.approvals === undefined) continue;
      this.#requests.set(request.record.id, structuredClone(request));
    }
  }

  /** How many requests wait for another person. */
  get waiting(): number {
    return this.#list().filter(({ state }) => state === "pending").length;
  }

  async require(request: ApprovalRequest): Promise<string[]> {
    const { call, method, inputs, state } = request;
    const { caller, member } = call;
    const ruled = request.quorum !== undefined;
    const officers = await this.#options.people.officers();
    const quorum = ruled
      ? checkQuorum(await request.quorum?.(), idsOf(caller), officers)
      : { needed: method.approvals ?? 0 };
    // A quorum of nobody would let everything through.
    if (!(quorum.needed >= Math.max(method.approvals ?? 0, 1))) {
      throw new DsecosError("Denied", `${member} asks for approval by too few people.`);
    }
    // Content is approved by a hash, which is another argument.
    const named = method.in
      .map(({ name, content }, i) => ({ name, content, value: inputs[i] }))
      .filter(({ content }) => content === undefined);
    const text = canonical(Object.fromEntries(named.map(({ name, value }) => [name, value])));
    const rule = { requesterIds: idsOf(caller), quorum, ruled };
    const hash = hashOf({ member, arguments: text, state, node: this.#options.node, ...rule });
    const known = this.#openRequest(hash, caller.uid);
    if (known === undefined) {
      throw await this.#ask(request, text, hash, { ...rule, approvals: [] }, officers);
    }
    return this.#use(known, caller, officers);
  }

  /** @throws DsecosError where too few have approved, or too few of them may still. */
  async #use(known: Request, caller: Caller, officers: readonly Person[]): Promise<string[]> {
    const { record, quorum } = known;
    const still = known.approvals.filter((one) => mayApprove(known, one, officers));
    if (still.length < known.approvals.length) throw await this.#lapse(known, still, caller);
    if (record.state !== "approved" || still.length < quorum.needed) throw waits(record);
    if (this.#busy.has(record.id)) throw conflict(record.id, "is being carried out");
    this.#busy.add(record.id);
    try {
      await this.#store({ ...known, record: { ...record, state: "used" } }, caller, "used");
    } finally {
      this.#busy.delete(record.id);
    }
    return record.approvers;
  }

  /** An approval of somebody who may not approve any more counts for nothing from now on. */
  async #lapse(known: Request, still: Approval[], caller: Caller): Promise<DsecosError> {
    const lost = known.approvals.filter((one) => !still.includes(one)).map(({ user }) => user);
    const approvers = still.map(({ user }) => user);
    const record: ApprovalRecord = { ...known.record, state: "pending", approvers };
    await this.#store({ ...known, record, approvals: still }, caller, "lapsed");
    const why = `The approval of ${lost.join(", ")} counts no more, since that person may not approve this now.`;
    return new DsecosError("NeedsApproval", `${why} ${waits(record).message}`);
  }

  async #ask(
    { call, method, about }: ApprovalRequest,
    text: string,
    hash: string,
    fresh: Omit<Request, "record">,
    officers: readonly Person[],
  ): Promise<DsecosError> {
    const { caller, member } = call;
    const own = [...this.#requests.values()].filter(
      ({ record }) => record.requesterUid === caller.uid && this.#isOpen(record),
    );
    if (own.length >= mostPerRequester) {
      const what = `You have ${own.length} requests waiting; withdraw some before you ask for more.`;
      return new DsecosError("Conflict", what);
    }
    const now = this.#now();
    const may = candidates(fresh.quorum, officers);
    const record: ApprovalRecord = {
      id: randomBytes(8).toString("hex"),
      member,
      description: method.description,
      ...(about.tenant === undefined ? {} : { tenant: about.tenant }),
      ...(about.object === undefined ? {} : { object: about.object }),
      arguments: text,
      hash,
      requester: caller.user,
      requesterUid: caller.uid,
      requestedAt: new Date(now).toISOString(),
      expiresAt: new Date(now + this.#options.lifetimeSeconds * 1000).toISOString(),
      state: "pending",
      needed: fresh.quorum.needed,
      approvers: [],
      candidates: may.filter(({ uid }) => !fresh.requesterIds.includes(uid)).slice(0, mostNamed),
    };
    await this.#store({ record, ...fresh }, caller, "asked");
    return waits(record);
  }

  async #approve(caller: Caller, id: string, hash: string): Promise<ApprovalRecord> {
    const officers = await this.#options.people.officers();
    const known = this.#pending(id);
    const { record, requesterIds } = known;
    if (record.hash !== hash) {
      const what = `Request ${id} is not the one you read: its hash differs. Read it again.`;
      throw new DsecosError("Conflict", what);
    }
    const ids = idsOf(caller);
    if (ids.some((uid) => requesterIds.includes(uid))) {
      throw new DsecosError("Denied", "Nobody approves a request of his own; ask another officer.");
    }
    const given = known.approvals.flatMap(idsOf);
    if (ids.some((uid) => given.includes(uid))) throw conflict(id, "has your approval already");
    const { user, uid, loginuid } = caller;
    const approval: Approval = { user: nameOf(caller, officers) ?? user, uid, loginuid };
    if (!mayApprove(known, approval, officers)) throw notAmong(known, approval);
    const approvers = [...record.approvers, approval.user];
    const state = approvers.length >= record.needed ? ("approved" as const) : ("pending" as const);
    const next: Request = {
      ...known,
      record: { ...record, approvers, state },
      approvals: [...known.approvals, approval],
    };
    await this.#store(next, caller, "approved");
    return next.record;
  }

  async #end(
    caller: Caller,
    id: string,
    state: "rejected",
    reason: string,
  ): Promise<ApprovalRecord> {
    const known = this.#requests.get(id);
    if (known === undefined || !this.#isOpen(known.record)) throw this.#notOpen(id);
    const own = known.record.requesterUid === caller.uid;
    if (reason === "withdrawn" && !own && caller.uid !== 0) {
      throw new DsecosError("Denied", "Only who asked can withdraw a request; reject it instead.");
    }
    if (this.#busy.has(id)) throw conflict(id, "is being carried out");
    const record: ApprovalRecord = { ...known.record, state, reason };
    await this.#store({ ...known, record }, caller, state);
    return record;
  }

  /** On record first, then in memory: after a crash the log decides. */
  async #store(request: Request, caller: Caller, what: string): Promise<void> {
    const { record } = request;
    const event: AuditEvent = {
      action: approvalAction,
      outcome: "note",
      actor: caller.user,
      uid: caller.uid,
      loginuid: caller.loginuid,
      pid: caller.pid,
      label: caller.label,
      tenant: record.tenant,
      object: record.id,
      details: { what, ...(structuredClone(request) as unknown as Record<string, unknown>) },
    };
    const before = this.#requests.get(record.id);
    // While the record is written, another approval of the same request must see it.
    this.#requests.set(record.id, request);
    try {
      await this.#options.audit.append(event);
    } catch (error) {
      if (before === undefined) this.#requests.delete(record.id);
      else this.#requests.set(record.id, before);
      throw error;
    }
    this.#trim();
    this.#options.changed?.(record.id);
  }

  /** Whoever asks and withdraws again and again must not fill the memory. */
  #trim(): void {
    const ended = [...this.#requests].filter(([, { record }]) => !this.#isOpen(record));
    for (const [id] of ended.slice(0, Math.max(0, ended.length - mostEnded))) {
      this.#requests.delete(id);
    }
  }

  #openRequest(hash: string, uid: number): Request | undefined {
    for (const request of this.#requests.values()) {
      const { record } = request;
      if (record.hash === hash && record.requesterUid === uid && this.#isOpen(record)) {
        return request;
      }
    }
    return undefined;
  }

  #pending(id: string): Request {
    const request = this.#requests.get(id);
    if (request === undefined || !this.#isOpen(request.record)) throw this.#notOpen(id);
    if (request.record.state !== "pending") throw conflict(id, "is approved already");
    return request;
  }

  #notOpen(id: string): DsecosError {
    const record = this.#requests.get(id)?.record;
    if (record === undefined) return new DsecosError("NotFound", `There is no request ${id}.`);
    return conflict(id, `is ${this.#present(record).state}`);
  }

  #isOpen(record: ApprovalRecord): boolean {
    const open = record.state === "pending" || record.state === "approved";
    return open && this.#now() < Date.parse(record.expiresAt);
  }

  #present(record: ApprovalRecord): ApprovalRecord {
    const open = record.state === "pending" || record.state === "approved";
    return open && !this.#isOpen(record) ? { ...record, state: "expired" } : record;
  }

  #list(): ApprovalRecord[] {
    const oldest = this.#now() - listed;
    for (const [id, { record }] of this.#requests) {
      if (Date.parse(record.expiresAt) < oldest) this.#requests.delete(id);
    }
    return [...this.#requests.values()].map(({ record }) => this.#present(record)).reverse();
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}
