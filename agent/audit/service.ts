/** Reading the audit record: auditors all of it, others what concerns a tenant or themselves. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Call } from "../bus/call.ts";
import type { Handlers } from "../bus/contract.ts";
import { DsecosError } from "../bus/errors.ts";
import type { audit } from "./contract.ts";
import type { AuditLog } from "./log.ts";
import type { ReaderClient } from "./queries/client.ts";
import { type AuditParts, statusOf } from "./status.ts";
import type { Verifier } from "./verification.ts";

export interface AuditServiceOptions {
  log: AuditLog;
  node: string;
  reader: ReaderClient;
  verifier: Verifier;
  /** Filled in as the parts are started. */
  parts: AuditParts;
}

export function createAudit(options: AuditServiceOptions): {
  handlers: Handlers<typeof audit, Call>;
} {
  const { log, node, reader, verifier, parts } = options;
  const { directory } = log;
  const whole = {};
  return {
    handlers: {
      List: (_call, filter) => reader.ask("list", { filter, scope: whole }),
      ListTenant: (_call, tenant, filter) => reader.ask("list", { filter, scope: { tenant } }),
      ListOwn({ caller }, filter) {
        const own = { uid: caller.uid, user: caller.user };
        return reader.ask("list", { filter, scope: { own } });
      },
      Summary: (_call, filter) => reader.ask("summary", { filter, scope: whole }),
      SummaryTenant: (_call, tenant, filter) =>
        reader.ask("summary", { filter, scope: { tenant } }),
      Show: (_call, sequence) => reader.ask("show", { index: Number(sequence) - 1 }),
      async Status() {
        return statusOf({ size: log.size, node, directory, verified: verifier.last, parts });
      },
      async Checkpoint() {
        return parts.sealer?.status().checkpoint || (await storedCheckpoint(directory));
      },
      async Verify({ caller, member }) {
        return verifier.start(member, caller.user, caller.uid);
      },
      async EnrolTpm() {
        const sealer = needSealer(parts);
        await sealer.enrolTpm();
        return sealer.status().tpm;
      },
      async AcknowledgeTpm(_call, reason) {
        const sealer = needSealer(parts);
        await sealer.acknowledgeTpm(reason);
        return sealer.status().tpm;
      },
    },
  };
}

function needSealer({ sealer }: AuditParts): NonNullable<AuditParts["sealer"]> {
  if (sealer !== undefined) return sealer;
  throw new DsecosError("Unavailable", "The part that seals the log does not run yet.");
}

async function storedCheckpoint(directory: string): Promise<string> {
  try {
    return await readFile(join(directory, "checkpoint"), "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause;
    throw new DsecosError("Unavailable", "No checkpoint was made yet; ask again in a few seconds.");
  }
}
