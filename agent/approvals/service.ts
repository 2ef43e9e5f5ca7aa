/**
 * The second person. A member that needs one is refused with a request id; other people approve
 * exactly that request, and then the requester calls again. A request is bound to its requester,
 * its arguments and the state of its target by one hash, holds for a limited time, and serves once.
 *
 * Requests live in the audit log and nowhere else: at the start they are read back from it, so
 * nobody who can write Incus or a file of ours can forge an approval without breaking the chain.
 */
import { randomBytes } from "node:crypto";
import { canonical } from "../audit/canonical.ts";
import type { AuditEntry } from "../audit/contract.ts";
import { sha3Hex } from "../audit/digest.ts";
import type { AuditEvent, AuditWriter } from "../audit/types.ts";
import type { Call, Caller } from "../bus/call.ts";
import type { Handlers, Method } from "../bus/contract.ts";
import { DsecosError } from "../bus/errors.ts";
import type { Details } from "../bus/polkit.ts";
import type { ApprovalRecord, approvals } from "./contract.ts";

export interface ApprovalRequest {
  call: Call;
  method: Method;
  about: Details;
  inputs: unknown[];
  /** Fingerprint of the target; empty when the member has none. */
  state: string;
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

interface Request {
  record: ApprovalRecord;
  /** Everything the kernel knows the requester by: uid, and login uid behind su or sudo. */
  requesterIds: number[];
  approverIds: number[];
}

export interface ApprovalsOptions {
  audit: AuditWriter;
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
      if (request?.record?.id === undefined) continue;
      this.#requests.set(request.record.id, structuredClone(request));
    }
  }

  async require({ call, method, about, inputs, state }: ApprovalRequest): Promise<string[]> {
    const { caller, member } = call;
    const needed = method.approvals ?? 0;
    // A quorum of nobody would let everything through.
    if (!(needed >= 1)) throw new DsecosError("Denied", `${member} asks for approval by nobody.`);
    const names = method.in.map((argument) => argument.name);
    const text = canonical(Object.fromEntries(names.map((name, i) => [name, inputs[i]])));
    const { node } = this.#options;
    const bound = { member, arguments: text, requester: caller.uid, state, node, needed };
    const hash = sha3Hex(canonical(bound));
    const known = this.#openRequest(hash, caller.uid);
    if (known === undefined) throw await this.#ask(call, method, about, text, hash, needed);
    const { record } = known;
    if (record.state !== "approved" || record.approvers.length < needed) throw waits(record);
    if (this.#busy.has(record.id)) throw conflict(record.id, "is being carried out");
    this.#busy.add(record.id);
    try {
      await this.#store({ ...known, record: { ...record, state: "used" } }, caller, "used");
    } finally {
      this.#busy.delete(record.id);
    }
    return record.approvers;
  }

  async #ask(
    call: Call,
    method: Method,
    about: Details,
    text: string,
    hash: string,
    needed: number,
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
      needed,
      approvers: [],
    };
    await this.#store({ record, requesterIds: idsOf(caller), approverIds: [] }, caller, "asked");
    return waits(record);
  }

  async #approve(caller: Caller, id: string, hash: string): Promise<ApprovalRecord> {
    const known = this.#pending(id);
    const { record, requesterIds, approverIds } = known;
    if (record.hash !== hash) {
      const what = `Request ${id} is not the one you read: its hash differs. Read it again.`;
      throw new DsecosError("Conflict", what);
    }
    const ids = idsOf(caller);
    if (ids.some((uid) => requesterIds.includes(uid))) {
      throw new DsecosError("Denied", "Nobody approves a request of his own; ask another officer.");
    }
    if (ids.some((uid) => approverIds.includes(uid)))
      throw conflict(id, "has your approval already");
    const approvers = [...record.approvers, caller.user];
    const state = approvers.length >= record.needed ? ("approved" as const) : ("pending" as const);
    const next: Request = {
      record: { ...record, approvers, state },
      requesterIds,
      approverIds: [...approverIds, ...ids],
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
    this.#options.changed?.(record.id);
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

function idsOf({ uid, loginuid }: Caller): number[] {
  return loginuid >= 0 && loginuid !== uid ? [uid, loginuid] : [uid];
}

function waits(record: ApprovalRecord): DsecosError {
  const what =
    `This needs a second person: an officer approves request ${record.id} until ` +
    `${record.expiresAt}; then ask again with the same arguments.`;
  return new DsecosError("NeedsApproval", what);
}

function conflict(id: string, what: string): DsecosError {
  return new DsecosError("Conflict", `Request ${id} ${what}.`);
}
