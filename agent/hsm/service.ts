/** Keys in PKCS#11 tokens: what can be asked, put together from its areas. */

import type { People } from "../approvals/people.ts";
import type { AuditEntry } from "../audit/contract.ts";
import type { AuditWriter } from "../audit/types.ts";
import type { Call } from "../bus/call.ts";
import type { Handlers } from "../bus/contract.ts";
import type { Fingerprint, QuorumRule } from "../bus/dispatch.ts";
import { DsecosError } from "../bus/errors.ts";
import type { IncusClient } from "../incus/client.ts";
import type { Jobs } from "../jobs/types.ts";
import type { DriverFact } from "../node/checks/types.ts";
import { createCeremonies } from "./ceremony/service.ts";
import type { hsm } from "./contract.ts";
import { type Core, type CoreParts, createCore } from "./core.ts";
import { createDriverAnswers } from "./drivers/service.ts";
import { Guard } from "./jurisdiction/guard.ts";
import { createMayLive } from "./jurisdiction/live.ts";
import { createJurisdictionAnswers } from "./jurisdiction/service.ts";
import { createKeys } from "./keys/service.ts";
import type { Token } from "./parts.ts";
import { type CertificateAnswers, createCertificates } from "./pki/service.ts";
import { createQuorums, createTenantRule } from "./quorums.ts";
import type { AskRecord } from "./statement/record.ts";
import { createStatements } from "./statement/service.ts";
import { tokenRows } from "./tokens/rows.ts";
import { createTokens } from "./tokens/service.ts";
import { Meter } from "./use/meter.ts";
import { createUses } from "./use/service.ts";
import { createVolumeKeys } from "./volumes/keys.ts";
import type { VolumeKeys } from "./volumes/types.ts";
import { createWatch } from "./watch/service.ts";

export interface HsmParts extends CoreParts {
  jobs: Jobs;
  audit: AuditWriter;
  people: People;
  /** Entries of the audit log. */
  record: AskRecord;
  /** Where tenants' rules are kept. */
  incus: IncusClient;
  /** Where the tenant's record says that its data must stay. @throws NotFound, Unavailable */
  jurisdiction: (name: string) => Promise<string>;
  /** Where certificates that were issued are kept. */
  pkiDirectory: string;
  /** How long the audit log keeps what is on record, in days. */
  retentionDays: number;
  /** Newest entries of the audit log of an action, newest first. */
  history: (action: string, limit: number) => Promise<AuditEntry[]>;
  /** Whether a tenant is there. @throws Unavailable while the tenants are not known */
  tenantState: (name: string) => Promise<"whole" | "deleting" | "gone">;
}

export interface HsmService {
  handlers: Handlers<typeof hsm, Call>;
  fingerprints: Record<string, Fingerprint>;
  quorums: Record<string, QuorumRule>;
  core: Core;
  /** Returns at once; drivers are opened in the background. */
  start(): void;
  stop(): Promise<void>;
  /** Something changed in Incus. */
  tenantsChanged(): void;
  /** @throws Conflict while the tenant has keys that are not destroyed, or that nobody can see */
  requireNoKeys(tenant: string): Promise<void>;
  /** Keys of encrypted volumes. */
  volumeKeys: VolumeKeys;
  /** What each driver says of its tokens, for the checks of the node. */
  driverFacts(): Promise<DriverFact[]>;
  /** What of certificates ends soon. */
  certificateEnds: CertificateAnswers["ends"];
}

export function createHsm(parts: HsmParts): HsmService {
  const { log, directory, jobs, node } = parts;
  const core = createCore(parts);
  const { drivers, book, declarations, records, store, everything } = core;

  async function tenant(name: string): Promise<void> {
    const state = await parts.tenantState(name);
    if (state === "whole") return;
    if (state === "deleting") {
      throw new DsecosError("Conflict", `${name} is being deleted; restore it first.`);
    }
    throw new DsecosError("NotFound", `There is no tenant ${name}; list the tenants to see which.`);
  }

  const driverAnswers = createDriverAnswers({ drivers, directory, log });
  const living = async (token: Token) =>
    store
      .foundIn(token, await records.fresh(token))
      .flatMap(({ record }) => (record.state === "destroyed" ? [] : record.name));
  const rowParts = {
    ...{ drivers, book, node },
    keysOf: (id: string) => {
      const contents = records.peek(id)?.contents;
      return contents === undefined ? undefined : store.countIn(contents);
    },
    alarmsOf: (id: string) => watch.alarms.of(id),
  };
  const tokens = createTokens({
    ...{ ...rowParts, declarations, tenant, living },
    left: async (token) => store.livingIn(await records.fresh(token)),
    settled: (token) => watch.settled(token),
    changed: () => parts.changed("tokens"),
  });
  const { incus, region, jurisdiction, audit } = parts;
  const guard = new Guard({ incus, region, jurisdiction });
  const rules = createJurisdictionAnswers({ guard, keys: store, changed: core.changed });
  const mayLive = createMayLive({ guard, audit });
  const meter = new Meter({ audit, keys: store, log });
  const uses = createUses({ keys: store, tokens: book, jurisdiction: guard, meter });
  const statements = createStatements({
    ...{ node, tokens: book, keys: store, meter, ask: parts.record, tenant: jurisdiction },
  });
  const keys = createKeys({
    ...{ store, book, jobs, everything, tenant, mayLive },
    maker: core.maker,
    changed: core.changed,
  });
  const watch = createWatch({
    ...{ core, audit, jobs, log, node, rotate: keys.rotateNow, history: parts.history },
    record: parts.record,
    tokenRows: () => tokenRows(rowParts),
    changed: parts.changed,
    certificates: {
      look: (found) => certificates.look(found),
      summary: () => certificates.summary(),
    },
  });

  const ceremonies = createCeremonies({
    ...{ log, audit, node, people: parts.people, records, store, maker: core.maker },
    tokens: tokens.forCeremonies,
    record: parts.record,
    quorum: createTenantRule((name) => guard.quorum(name)),
    scripts: [],
    acts: [],
    changed: () => parts.changed("ceremonies"),
  });

  const certificates = createCertificates({
    ...{ region, node, tokens: book, records, keys: store, maker: core.maker },
    ...{ jurisdiction: guard, mayLive, meter, audit, history: parts.record, log },
    directory: parts.pkiDirectory,
    retentionDays: parts.retentionDays,
    changed: (owner) => parts.changed(`certificates ${owner}`),
  });

  async function requireNoKeys(name: string): Promise<void> {
    const declared = (await declarations.all()).get(name) ?? [];
    for (const { driver, label } of declared) {
      const token = (await book.all(name)).find(
        (one) => one.driver.name === driver && one.label === label,
      );
      if (token === undefined) {
        const what = `${name} has the token ${driver}/${label}, which this node does not reach; delete the tenant on the node that does, or forget the token first.`;
        throw new DsecosError("Conflict", what);
      }
      const [key] = await living(token);
      if (key === undefined) continue;
      const what = `${name} still has the key ${key} in ${token.id}; destroy its keys first, which takes 7 days at least.`;
      throw new DsecosError("Conflict", what);
    }
  }

  return {
    core,
    handlers: {
      ...driverAnswers.handlers,
      ...tokens.handlers,
      ...keys.handlers,
      ...watch.handlers,
      ...rules.handlers,
      ...uses.handlers,
      ...ceremonies.handlers,
      ...statements.handlers,
      ...certificates.handlers,
    },
    fingerprints: {
      ...{ ...tokens.fingerprints, ...keys.fingerprints, ...rules.fingerprints },
      ...{ ...uses.fingerprints, ...certificates.fingerprints },
    },
    quorums: createQuorums({
      people: parts.people,
      tokens: book,
      quorum: (name) => guard.quorum(name),
    }),
    start() {
      watch.start();
      ceremonies.start();
    },
    async stop() {
      ceremonies.stop();
      await watch.stop();
      await drivers.close();
    },
    tenantsChanged: () => declarations.stale(),
    requireNoKeys,
    volumeKeys: createVolumeKeys({
      ...{ store, book, records, meter, audit, mayLive, jurisdiction: guard },
      ...{ maker: core.maker, changed: core.changed },
    }),
    driverFacts: driverAnswers.facts,
    certificateEnds: certificates.ends,
  };
}
