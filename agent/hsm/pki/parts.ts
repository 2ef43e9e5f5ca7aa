/** What certificates need of the rest of the subsystem. */
import type { AuditEntry } from "../../audit/contract.ts";
import type { AuditFilter } from "../../audit/filter.ts";
import type { AuditWriter } from "../../audit/types.ts";
import type { Log } from "../../log.ts";
import type { Jurisdiction } from "../jurisdiction/guard.ts";
import type { MayLive } from "../jurisdiction/live.ts";
import type { KeyMaker } from "../keys/maker.ts";
import type { FoundKey, Records, Tokens } from "../parts.ts";
import type { TokenRecords } from "../tokens/records.ts";
import type { Meter } from "../use/meter.ts";

export interface PkiParts {
  /** How long the audit log keeps what is on record, in days. */
  retentionDays: number;
  /** Where certificates that were issued are kept. */
  directory: string;
  /** Where this node is, and its host name. */
  region: string;
  node: string;
  tokens: Pick<Tokens, "of" | "node" | "every" | "info">;
  records: Records & Pick<TokenRecords, "peek">;
  keys: { look(tenant: string, name: string): Promise<FoundKey | undefined> };
  maker: Pick<KeyMaker, "create" | "rotate">;
  jurisdiction: Pick<Jurisdiction, "require">;
  mayLive: MayLive;
  meter: Pick<Meter, "during">;
  audit: AuditWriter;
  /** A page of the audit log, newest first. */
  history: (filter: AuditFilter) => Promise<{ rows: AuditEntry[]; next: string }>;
  log: Log;
  /** Told whose certificates are others than before. */
  changed: (owner: string) => void;
  now?: () => number;
}
