/** What all areas of the HSM subsystem stand on: drivers, tokens, records and keys. */
import { DsecosError } from "../bus/errors.ts";
import type { IncusClient } from "../incus/client.ts";
import type { Log } from "../log.ts";
import { forEachBounded } from "../tenants/locks.ts";
import { Drivers, type OpenDriver } from "./drivers/drivers.ts";
import { KeyMaker } from "./keys/maker.ts";
import { KeyStore } from "./keys/store.ts";
import type { FoundKey } from "./parts.ts";
import { type Declarations, IncusDeclarations } from "./tokens/declared.ts";
import { TokenRecords } from "./tokens/records.ts";
import { TokenBook } from "./tokens/tokens.ts";

export interface CoreParts {
  log: Log;
  /** Directory of the driver files. */
  directory: string;
  /** Directory of the drivers' sockets. */
  sockets: string;
  open: OpenDriver;
  /** Where tenants' tokens are declared; tests put something else in its place. */
  client: IncusClient | Declarations;
  node: string;
  /** Where this node is. */
  region: string;
  /** Told what changed: drivers, tokens, or keys and the tenant's name. */
  changed: (what: string) => void;
}

/** Tokens that a list of all keys reads itself; of more it says that they are not in it yet. */
const mostRead = 64;
const width = 8;
const mostMissing = 20;

export type Core = ReturnType<typeof createCore>;

export function createCore(parts: CoreParts) {
  const { log, changed, node, region, client } = parts;
  const declarations = "all" in client ? client : new IncusDeclarations(client, log);
  const drivers: Drivers = new Drivers({
    ...parts,
    changed: () => {
      book.forgetInfos();
      changed("drivers");
    },
  });
  const book = new TokenBook({
    ...{ drivers, declarations, node, region, log },
    changed: () => changed("tokens"),
  });
  const records = new TokenRecords({
    log,
    changed: ({ tenant }) => changed(`keys ${tenant}`),
  });
  /** By token, then by key: why it must not be used. Reconciliation fills it. */
  const frozen = new Map<string, ReadonlyMap<string, string>>();
  const keyChanged = (tenant: string) => changed(`keys ${tenant}`);
  const store = new KeyStore({
    ...{ tokens: book, records, changed: keyChanged },
    frozen: (token, key) => frozen.get(token)?.get(key) ?? "",
  });
  const maker = new KeyMaker({ records, node, log });

  /** Every key of every token, with a sentence for each token whose keys it does not have. */
  async function everything(): Promise<{ keys: FoundKey[]; missing: string[] }> {
    const tokens = await book.every();
    const unread = tokens.filter(({ id }) => records.peek(id) === undefined);
    const missing: string[] = [];
    if (unread.length > mostRead) {
      missing.push(`The keys of ${unread.length} tokens are still being read; look again soon.`);
    } else {
      await forEachBounded(unread, width, async (token) => {
        try {
          await records.list(token);
        } catch (error) {
          if (!(error instanceof DsecosError)) throw error;
          if (missing.length < mostMissing) missing.push(`${token.id}: ${error.message}`);
        }
      });
    }
    const keys: FoundKey[] = [];
    for (const token of tokens) {
      const contents = records.peek(token.id)?.contents;
      if (contents !== undefined) keys.push(...store.foundIn(token, contents));
    }
    return { keys, missing };
  }

  return {
    drivers,
    declarations,
    book,
    records,
    frozen,
    store,
    maker,
    everything,
    changed: keyChanged,
  };
}
