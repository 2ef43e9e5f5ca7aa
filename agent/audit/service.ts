/** Reading the audit record: auditors all of it, others what concerns a tenant or themselves. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Call } from "../bus/call.ts";
import type { Handlers } from "../bus/contract.ts";
import { DsecosError } from "../bus/errors.ts";
import type { audit } from "./contract.ts";
import type { Exports } from "./export/service.ts";
import type { AuditFilter } from "./filter.ts";
import type { AuditLog } from "./log.ts";
import type { ReaderClient } from "./queries/client.ts";
import { changesOf, replay } from "./replay/replay.ts";
import { type AuditParts, statusOf } from "./status.ts";
import { type TraceParts, trace } from "./trace/trace.ts";
import type { Verifier } from "./verification.ts";

export interface AuditServiceOptions {
  log: AuditLog;
  node: string;
  reader: ReaderClient;
  verifier: Verifier;
  exports: Exports;
  tracing: Omit<TraceParts, "trail">;
  /** Filled in as the parts are started. */
  parts: AuditParts;
}

export function createAudit(options: AuditServiceOptions): {
  handlers: Handlers<typeof audit, Call>;
} {
  const { log, node, reader, verifier, exports, parts } = options;
  const { directory } = log;
  const whole = {};
  const list = (filter: AuditFilter) => reader.ask("list", { filter, scope: whole });
  const tracing: TraceParts = {
    ...options.tracing,
    async trail(tenant) {
      const { facets } = await reader.ask("summary", { filter: {}, scope: { tenant } });
      return facets.actions.map(({ value, count }) => ({ action: value, count }));
    },
  };
  return {
    handlers: {
      List: (_call, filter) => reader.document("list", { filter, scope: whole }),
      ListTenant: (_call, tenant, filter) => reader.document("list", { filter, scope: { tenant } }),
      ListOwn({ caller }, filter) {
        const own = { uid: caller.uid, user: caller.user };
        return reader.document("list", { filter, scope: { own } });
      },
      Summary: (_call, filter) => reader.document("summary", { filter, scope: whole }),
      SummaryTenant: (_call, tenant, filter) =>
        reader.document("summary", { filter, scope: { tenant } }),
      Show: (_call, sequence) => reader.document("show", { index: Number(sequence) - 1 }),
      async Status() {
        return statusOf({ size: log.size, node, directory, verified: verifier.last, parts });
      },
      async Checkpoint() {
        return parts.sealer?.status().checkpoint || (await storedCheckpoint(directory));
      },
      Replay: (_call, instant) => replay(list, instant),
      async Changes(_call, filter) {
        const { rows, next } = await list({ ...filter, acts: true });
        return { rows: changesOf(rows), next };
      },
      Trace: (_call, { agency, dataflow }) => trace(tracing, { agency, dataflow }),
      async Export({ caller, member }, spec) {
        return exports.start(member, spec, caller);
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
