/** One request for approval: what it is bound to, and who may approve it. */
import { canonical } from "../audit/canonical.ts";
import { sha3Hex } from "../audit/digest.ts";
import type { Caller } from "../bus/call.ts";
import { DsecosError } from "../bus/errors.ts";
import type { ApprovalRecord } from "./contract.ts";
import { candidates, type Person, personBehind, type Quorum } from "./quorum.ts";

/** Who approved, as the kernel knew that person. */
export interface Approval {
  user: string;
  uid: number;
  loginuid: number;
}

interface Rule {
  /** Everything the kernel knows the requester by: uid, and login uid behind su or sudo. */
  requesterIds: number[];
  quorum: Quorum;
  /** Whether the quorum is a rule's, under which root is nobody by himself. */
  ruled: boolean;
}

export interface Request extends Rule {
  record: ApprovalRecord;
  approvals: Approval[];
}

interface Bound extends Rule {
  member: string;
  /** Canonical JSON. */
  arguments: string;
  state: string;
  node: string;
}

/** @returns SHA3-512, hexadecimal, of all that an approval holds for */
export function hashOf({ requesterIds, quorum, ruled, ...what }: Bound): string {
  const approvers = quorum.approvers?.map(({ uid }) => uid).sort((one, other) => one - other);
  const rule = { needed: quorum.needed, approvers, ruled };
  return sha3Hex(canonical({ ...what, requester: requesterIds, quorum: rule }));
}

/** Of the person who logged in, where that is an officer. */
export function nameOf(caller: Caller, officers: readonly Person[]): string | undefined {
  return officers.find(({ uid }) => uid === personBehind(caller))?.user;
}

/**
 * Decided by user ids, for the person who logged in. Where no rule names people, root may, too; a
 * quorum of named people is not filled by whoever can become root.
 */
export function mayApprove(
  { quorum, ruled }: Rule,
  approval: Approval,
  officers: readonly Person[],
): boolean {
  const person = personBehind(approval);
  if (!ruled && person === 0) return true;
  return candidates(quorum, officers).some(({ uid }) => uid === person);
}

export function notAmong({ record }: Request, { user }: Approval): DsecosError {
  const names = record.candidates.map((person) => person.user).join(", ");
  const what = `${user} is none of those who may approve request ${record.id}: ${names}.`;
  return new DsecosError("Denied", what);
}

export function waits(record: ApprovalRecord): DsecosError {
  const { id, needed, approvers, expiresAt } = record;
  const who =
    needed === 1
      ? `This needs a second person: an officer approves request ${id} until ${expiresAt}`
      : `This needs ${needed} other people, of whom ${approvers.length} approved: officers approve request ${id} until ${expiresAt}`;
  return new DsecosError("NeedsApproval", `${who}; then ask again with the same arguments.`);
}

export function conflict(id: string, what: string): DsecosError {
  return new DsecosError("Conflict", `Request ${id} ${what}.`);
}
