/** What can be asked of several nodes at once. Nothing of it changes what a node does. */

import type { ClusterNode } from "../../../agent/cluster/answers.ts";
import type { JobRecord } from "../../../agent/jobs/contract.ts";
import type { Send } from "../../lib/client.ts";
import { _ } from "../../lib/i18n.ts";

export interface Outcome {
  verdict: ClusterNode["verdict"];
  text: string;
}

/**
 * @param followed hears of a job at the node while it runs
 * @throws PageError where the node is not reached any more; its job goes on there
 */
export type Ask = (send: Send, followed: (record: JobRecord) => void) => Promise<Outcome>;

export interface Work {
  key: string;
  label: string;
  /** That does the same at one node. */
  command: string;
  /** Where more of the outcome is shown. */
  page: "overview" | "audit" | "selinux";
  /** Each with contracts of its own, which are more than a page may load at once. */
  load: () => Promise<Ask>;
}

export const works = (): readonly [Work, ...Work[]] => [
  {
    key: "check",
    label: _("Check what can be relied on"),
    command: "dsecos node check",
    page: "overview",
    load: async () => (await import("./check.ts")).check,
  },
  {
    key: "verify",
    label: _("Verify the audit log"),
    command: "dsecos audit verify",
    page: "audit",
    load: async () => (await import("./verify.ts")).verify,
  },
  {
    key: "prove",
    label: _("Prove the SELinux policy"),
    command: "dsecos selinux prove",
    page: "selinux",
    load: async () => (await import("./prove.ts")).prove,
  },
];
