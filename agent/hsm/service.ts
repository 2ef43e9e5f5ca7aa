/** Keys in PKCS#11 tokens: what can be asked, put together from its areas. */
import type { Call } from "../bus/call.ts";
import type { Handlers } from "../bus/contract.ts";
import type { Fingerprint } from "../bus/dispatch.ts";
import { DsecosError } from "../bus/errors.ts";
import type { Jobs } from "../jobs/types.ts";
import { explain } from "../log.ts";
import type { hsm } from "./contract.ts";
import { type Core, type CoreParts, createCore } from "./core.ts";
import { createDriverAnswers } from "./drivers/service.ts";
import { createKeys } from "./keys/service.ts";
import type { Token } from "./parts.ts";
import { createTokens } from "./tokens/service.ts";

export interface HsmParts extends CoreParts {
  jobs: Jobs;
  /** Whether a tenant is there. @throws Unavailable while the tenants are not known */
  tenantState: (name: string) => Promise<"whole" | "deleting" | "gone">;
}

export interface HsmService {
  handlers: Handlers<typeof hsm, Call>;
  fingerprints: Record<string, Fingerprint>;
  core: Core;
  /** Returns at once; drivers are opened in the background. */
  start(): void;
  stop(): Promise<void>;
  /** Something changed in Incus. */
  tenantsChanged(): void;
  /** @throws Conflict while the tenant has keys that are not destroyed, or that nobody can see */
  requireNoKeys(tenant: string): Promise<void>;
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

  const living = async (token: Token) =>
    store
      .foundIn(token, await records.fresh(token))
      .flatMap(({ record }) => (record.state === "destroyed" ? [] : record.name));
  const tokens = createTokens({
    ...{ drivers, book, declarations, node, tenant, living },
    keysOf: (id) => {
      const contents = records.peek(id)?.contents;
      return contents === undefined ? undefined : store.countIn(contents);
    },
    alarmsOf: () => [],
    settled: () => {},
    changed: () => parts.changed("tokens"),
  });
  const keys = createKeys({
    ...{ store, book, jobs, everything, tenant },
    maker: core.maker,
    changed: core.changed,
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
      ...createDriverAnswers({ drivers, directory, log }).handlers,
      ...tokens.handlers,
      ...keys.handlers,
    },
    fingerprints: { ...tokens.fingerprints, ...keys.fingerprints },
    start() {
      drivers.load().catch((error) => {
        log("error", "the drivers of tokens were not opened", { error: explain(error) });
      });
    },
    stop: () => drivers.close(),
    tenantsChanged: () => declarations.stale(),
    requireNoKeys,
  };
}
