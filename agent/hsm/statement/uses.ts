/** Uses as the audit log has them: receipts, and acts that began and have no outcome. */
import * as v from "valibot";
import type { AuditEntry } from "../../audit/entry.ts";
import { keyNames } from "../pki/labels.ts";
import { type Receipt, receiptSchema } from "../use/receipt.ts";

export interface RecordedUse {
  readonly receipt: Receipt;
  readonly failed: boolean;
}

/** An intent without an outcome: the agent ended in between. */
export interface Unfinished {
  readonly time: string;
  readonly key: string;
  readonly operation: string;
  readonly count: number;
}

/** Members and what they ask the driver for. */
const operations: Record<string, string> = {
  "hsm.Sign": "sign",
  "hsm.Encrypt": "encrypt",
  "hsm.Decrypt": "decrypt",
  "hsm.DataKeys": "dataKeys",
  "hsm.DecryptDataKey": "decrypt",
  "hsm.OpenEnvelope": "openEnvelope",
  "hsm.Transfer": "rewrap",
};

/** Members that sign with the keys of the tenant's authority, which they do not name. */
const certifying = new Set(["hsm.Issue", "hsm.IssueAgency", "hsm.Renew", "hsm.Revoke"]);

/** An authority with two keys signs twice. */
const labels = ["receipt", "parallelReceipt"] as const;

/** @param entries in any order */
export function usesIn(entries: readonly AuditEntry[]): {
  uses: RecordedUse[];
  unfinished: Unfinished[];
} {
  const begun = new Map<string, AuditEntry>();
  const ended = new Set<string>();
  const uses = new Map<string, RecordedUse>();
  for (const entry of entries) {
    const { call, sequence, outcome, details } = entry;
    if (outcome === "intent" && call !== undefined) begun.set(call, entry);
    if (outcome === "intent" || outcome === "refused") continue;
    const failed = outcome === "failure";
    if (outcome !== "note" && call !== undefined) ended.add(call);
    for (const label of labels) {
      const { success, output } = v.safeParse(receiptSchema, details?.[label]);
      if (!success) continue;
      // One that was late has two outcomes: that it took too long, and what came of it.
      const name = outcome === "note" ? `${sequence} ${label}` : `${call} ${label}`;
      if (!failed || !uses.has(name)) uses.set(name, { receipt: output, failed });
    }
  }
  const unfinished = [...begun].flatMap(([call, { action, time, details }]) => {
    if (certifying.has(action) && !ended.has(call)) {
      const keys = [keyNames.tenant, keyNames.parallel];
      return keys.map((key) => ({ time, key, operation: "sign", count: 1 }));
    }
    const operation = operations[action];
    if (operation === undefined || ended.has(call)) return [];
    const count = typeof details?.count === "number" ? details.count : 1;
    return [{ time, key: String(details?.key ?? ""), operation, count }];
  });
  return { uses: [...uses.values()], unfinished };
}
