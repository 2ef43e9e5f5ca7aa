/** Answers about keys, making them, and changing their states. */
import type { Call } from "../../bus/call.ts";
import { DsecosError } from "../../bus/errors.ts";
import type { Jobs } from "../../jobs/types.ts";
import { KeyedLock } from "../../tenants/locks.ts";
import { purposeOf } from "../algorithms.ts";
import type { FoundKey, Token } from "../parts.ts";
import type { TokenBook } from "../tokens/tokens.ts";
import type { KeyDetail, KeyFilter, KeyPage, KeyRow, KeySpec } from "./answers.ts";
import { protectionOf } from "./generate.ts";
import { readHeld } from "./held.ts";
import type { KeyAct } from "./lifecycle.ts";
import type { KeyMaker } from "./maker.ts";
import { publicKey } from "./public.ts";
import type { KeyRecord } from "./record.ts";
import { keyPage, keyRow, shown } from "./rows.ts";
import type { KeyStore } from "./store.ts";
import { dueAfter, firstState, requireAct, requireTimes } from "./transition.ts";

const dayMs = 86_400_000;

export interface KeyServiceParts {
  store: KeyStore;
  maker: KeyMaker;
  book: TokenBook;
  jobs: Jobs;
  /** Every key of every token that was read, and which tokens were not. */
  everything: () => Promise<{ keys: FoundKey[]; missing: string[] }>;
  /** @throws Denied where the tenant's rules let no key live in that token. @returns the rule */
  mayLive: (tenant: string, token: Token) => Promise<string>;
  /** @throws NotFound, or Conflict where the tenant is being deleted */
  tenant: (name: string) => Promise<void>;
  changed: (tenant: string) => void;
  now?: () => Date;
}

export function createKeys(parts: KeyServiceParts) {
  const { store, maker, book, jobs, changed } = parts;
  const creating = new KeyedLock();
  const now = () => parts.now?.() ?? new Date();

  async function list(filter: KeyFilter): Promise<KeyPage> {
    const { keys, missing } =
      filter.tenant === ""
        ? await parts.everything()
        : { keys: await store.list(filter.tenant), missing: [] };
    return keyPage(keys, missing, filter, now().getTime());
  }

  async function show(tenant: string, name: string): Promise<KeyDetail> {
    const found = await store.find(tenant, name);
    const { held, troubles } = await readHeld(found);
    if (found.frozen !== "") troubles.unshift(found.frozen);
    return { row: keyRow(found), record: shown(found.record), held, troubles };
  }

  async function tokenFor(tenant: string, spec: KeySpec): Promise<Token> {
    if (spec.driver === undefined) return book.of(tenant, spec.region);
    const tokens = await book.all(tenant);
    const token = tokens.find(
      (one) =>
        one.driver.name === spec.driver &&
        (spec.region === undefined || one.region === spec.region),
    );
    if (token !== undefined) return token;
    const what = `${tenant} has no such token of driver ${spec.driver}; let an officer create one.`;
    throw new DsecosError("NotFound", what);
  }

  async function create(call: Call, tenant: string, spec: KeySpec): Promise<string> {
    await parts.tenant(tenant);
    requireTimes(spec, now());
    const token = await tokenFor(tenant, spec);
    call.note({ rule: await parts.mayLive(tenant, token) });
    await refuseSecond(tenant, spec.name);
    const info = await book.info(token);
    const protection = protectionOf(spec.algorithm, token, info?.mechanisms ?? []);
    const { user, uid } = call.caller;
    const title = `Create the key ${spec.name}`;
    return jobs.start(
      { kind: call.member, title, tenant, actor: user, uid, cancellable: false },
      async (progress) => {
        progress.step(`Making ${spec.algorithm}`);
        const { name, algorithm } = spec;
        const facts = { tenant, name, algorithm, region: token.region, protection };
        // A tenant may have several tokens, and a token knows of a second key in itself alone.
        await creating.run(`${tenant} ${name}`, async () => {
          await refuseSecond(tenant, name);
          await maker.create(token, facts, (version) => ({
            ...{ ...facts, driver: token.driver.name, purpose: purposeOf[algorithm] },
            ...firstState(spec, user, now()),
            versions: [version],
            revision: 1,
          }));
        });
        progress.finished(name);
        changed(tenant);
      },
    );
  }

  async function refuseSecond(tenant: string, name: string): Promise<void> {
    if ((await store.look(tenant, name)) === undefined) return;
    const what = `${tenant} has a key ${name} already, or had one; choose another name.`;
    throw new DsecosError("Conflict", what);
  }

  /** Makes the next version and says when the one after it is due. */
  async function rotateNow(found: FoundKey, user: string, why: string): Promise<KeyRecord> {
    const { record } = found;
    requireAct(record, "rotate");
    if (found.frozen !== "") throw new DsecosError("Conflict", `${record.name}: ${found.frozen}`);
    await parts.mayLive(record.tenant, found.token);
    const made = await maker.rotate(found, (version) => {
      const at = version.createdAt;
      const event = { at, by: user, state: record.state, why };
      return {
        ...record,
        ...dueAfter(record.rotateDays, now()),
        versions: [...record.versions, version],
        history: [...record.history, event],
        revision: record.revision + 1,
      };
    });
    changed(record.tenant);
    return made;
  }

  async function rotate(call: Call, tenant: string, name: string): Promise<string> {
    const found = await store.find(tenant, name);
    requireAct(found.record, "rotate");
    const { user, uid } = call.caller;
    const title = `Rotate the key ${name}`;
    return jobs.start(
      { kind: call.member, title, tenant, actor: user, uid, cancellable: false },
      async (progress) => {
        progress.step(`Making version ${(found.record.versions.at(-1)?.version ?? 0) + 1}`);
        await rotateNow(await store.find(tenant, name), user, "rotated");
        progress.finished(name);
      },
    );
  }

  function acting(act: KeyAct) {
    return async (call: Call, tenant: string, name: string, why: string): Promise<KeyRow> =>
      keyRow(await store.act(tenant, name, act, { user: call.caller.user, why }));
  }

  async function setRotation(call: Call, tenant: string, name: string, days: number) {
    const why = days === 0 ? "rotation by itself ended" : `rotation every ${days} days`;
    const found = await store.act(
      tenant,
      name,
      "setRotation",
      { user: call.caller.user, why },
      ({ rotateDays: _days, rotateAt: _at, ...record }) => ({
        ...record,
        ...dueAfter(days, now()),
      }),
    );
    return keyRow(found);
  }

  async function destroy(call: Call, tenant: string, name: string, days: number) {
    const by = [call.caller.user, ...call.approvers].join(" with ");
    const destroyAt = new Date(now().getTime() + days * dayMs).toISOString();
    const found = await store.act(
      tenant,
      name,
      "scheduleDestroy",
      { user: by, why: `to be destroyed on ${destroyAt}` },
      (record) => ({ ...record, destroyAt }),
    );
    return keyRow(found);
  }

  return {
    rotateNow,
    handlers: {
      Keys: (_call: Call, filter: KeyFilter) => list(filter),
      Key: (_call: Call, tenant: string, name: string) => show(tenant, name),
      PublicKey: async (_call: Call, tenant: string, name: string, version: number) =>
        publicKey((await store.find(tenant, name)).record, version),
      CreateKey: create,
      Rotate: rotate,
      Activate: acting("activate"),
      Suspend: acting("suspend"),
      Resume: acting("resume"),
      Deactivate: acting("deactivate"),
      Compromise: acting("compromise"),
      CancelDestroy: acting("cancelDestroy"),
      SetRotation: setRotation,
      Destroy: destroy,
    },
    fingerprints: {
      Destroy: async (_call: Call, tenant: string, name: string) => {
        const { record } = await store.find(tenant, name);
        return `${record.state} ${record.revision}`;
      },
    },
  };
}
