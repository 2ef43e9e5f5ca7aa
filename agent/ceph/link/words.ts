/** What Ceph's error numbers mean to whoever asked, and what to do about a link that is not ready. */

import { constants } from "node:os";
import { DsecosError, type ErrorCode } from "../../bus/errors.ts";
import { capabilityWords, seeing } from "../capabilities.ts";

const { errno } = constants;

export const codes: Readonly<Record<number, ErrorCode>> = {
  [errno.EACCES]: "Denied",
  [errno.EPERM]: "Denied",
  [errno.ENOENT]: "NotFound",
  [errno.EINVAL]: "InvalidArgument",
  [errno.EEXIST]: "Conflict",
  [errno.EBUSY]: "Conflict",
  [errno.ENOTEMPTY]: "Conflict",
  [errno.EDQUOT]: "QuotaExceeded",
  [errno.ETIMEDOUT]: "Timeout",
};

const mostWords = 300;

export const isDenial = (ret: number) => ret === -errno.EACCES || ret === -errno.EPERM;
export const isTimeout = (ret: number) => ret === -errno.ETIMEDOUT;
export const isMissing = (ret: number) => ret === -errno.ENOENT;

/** @param what what was asked, such as `osd.3: version` */
export function commandError(what: string, ret: number, words: string): DsecosError {
  const code = codes[-ret] ?? "Unavailable";
  if (code === "Timeout") return lateError(what);
  const said = oneLine(words) || `error ${-ret}`;
  if (code === "Denied") {
    const remedy = "give the agent's key the capabilities that its manual names";
    return new DsecosError(code, `Ceph does not let the agent ask ${what} (${said}); ${remedy}.`);
  }
  return new DsecosError(code, `Ceph refused ${what}: ${said}.`);
}

export function lateError(what: string, seconds = 5): DsecosError {
  const remedy = "see the cluster's health for what hangs, and ask again";
  return new DsecosError(
    "Timeout",
    `Ceph did not answer ${what} within ${seconds} seconds; ${remedy}.`,
  );
}

/** Ceph's words as part of a sentence of ours. */
export function oneLine(words: string): string {
  return words
    .replace(/[\p{Cc}\u2028\u2029]+/gu, " ")
    .trim()
    .replace(/\.$/, "")
    .slice(0, mostWords);
}

export interface Places {
  config: string;
  user: string;
  keyring: string;
}

export const reasons = {
  notInstalled:
    "Python's binding for Ceph is not installed on this node; install the package python3-rados.",
  notConfigured: ({ config }: Places) =>
    `There is no ${config} on this node; put the cluster's ceph.conf there, or leave Ceph unused.`,
  noKeyring: ({ user, keyring }: Places) =>
    `There is no key for ${user} on this node; on one with the cluster's admin key run: ceph auth get-or-create ${capabilityWords(user, seeing)} and put what it prints into ${keyring}, readable by root alone.`,
  keyMissing: ({ user, keyring }: Places) =>
    `${keyring} has no key for ${user}; put what ceph auth get ${user} prints there.`,
  wrongKey: ({ user, keyring }: Places) =>
    `The cluster refuses the key of ${user}, or ${keyring} has none for it; put what ceph auth get ${user} prints there.`,
  mayNotRead: ({ user }: Places) =>
    `The key of ${user} may not read the cluster's state; run: ceph auth caps ${capabilityWords(user, seeing)}`,
  starting: "The connection to the cluster is being made.",
  noQuorum:
    "No monitor answers: they have no quorum, or this node does not reach them; start the missing ones (systemctl status 'ceph-mon@*' on their nodes), and open their network in the agent's unit as network.conf among its examples shows.",
  noManager:
    "No manager of the cluster answers; start one, or end the one that hangs: systemctl restart ceph-mgr@<name> on its node.",
  hangs: "The agent's helper for Ceph hung and is started again.",
  ended: (why: string) =>
    `The agent's helper for Ceph ended (${oneLine(why)}) and is started again; the journal of dsecos-agent has more.`,
  badConfig: ({ config }: Places, words: string) =>
    `The connection to the cluster cannot be made (${oneLine(words)}); put ${config} right.`,
};
