/** What of the log leaves the node: checkpoints to witnesses, copies to a safe place. */
import type { Config } from "../config.ts";
import type { Log } from "../log.ts";
import { Offload } from "./offload/service.ts";
import type { Sealer } from "./seal/types.ts";
import type { AuditWriter } from "./types.ts";
import { createWitnesses, type Witnesses } from "./witness/service.ts";
import type { Proofs } from "./witness/types.ts";

export interface OutwardOptions {
  config: Config;
  sealer: Sealer;
  proofs: Proofs;
  audit: AuditWriter;
  log: Log;
}

export interface Outward {
  witnesses: Witnesses;
  /** Undefined where no place is configured. */
  offload: Offload | undefined;
  /** Before the first checkpoint is made, so that none is missed. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export function createOutward({ config, sealer, proofs, audit, log }: OutwardOptions): Outward {
  const directory = config.auditDirectory;
  const shared = { directory, sealing: sealer, audit, log };
  const witnesses = createWitnesses({ ...shared, witnesses: config.witnesses, proofs });
  const offload =
    config.offload === undefined ? undefined : new Offload({ ...shared, config: config.offload });
  return {
    witnesses,
    offload,
    async start() {
      await witnesses.start();
      offload?.start();
    },
    async stop() {
      await Promise.all([witnesses.stop(), offload?.stop()]);
    },
  };
}
