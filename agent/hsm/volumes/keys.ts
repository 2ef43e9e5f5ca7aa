/** Keys of encrypted volumes: made, used and destroyed for storage, by nobody else. */
import type { AuditWriter } from "../../audit/types.ts";
import type { Call } from "../../bus/call.ts";
import { DsecosError } from "../../bus/errors.ts";
import { KeyedLock } from "../../tenants/locks.ts";
import { DriverError } from "../driver/types.ts";
import { asking } from "../errors.ts";
import { finishDestroying } from "../keys/ending.ts";
import type { KeyMaker } from "../keys/maker.ts";
import type { KeyStore } from "../keys/store.ts";
import { firstState } from "../keys/transition.ts";
import type { FoundKey, Token } from "../parts.ts";
import type { TokenRecords } from "../tokens/records.ts";
import type { TokenBook } from "../tokens/tokens.ts";
import { packBlob, unpackBlob } from "../use/blob.ts";
import type { Meter } from "../use/meter.ts";
import { sealOf } from "../use/parts.ts";
import { newestOf, type PrepareParts, prepare, versionOf } from "../use/prepare.ts";
import { atToken } from "../use/run.ts";
import type { VolumeKey, VolumeKeyFacts, VolumeKeys } from "./types.ts";

export interface VolumeKeysParts extends Omit<PrepareParts, "keys" | "tokens"> {
  store: KeyStore;
  book: TokenBook;
  maker: KeyMaker;
  records: TokenRecords;
  meter: Meter;
  audit: AuditWriter;
  /** @throws Denied where the tenant's rules let no key live in that token */
  mayLive: (tenant: string, token: Token) => Promise<string>;
  changed: (tenant: string) => void;
}

const algorithm = "AES-256";
const actor = "dsecos-agent";

export function createVolumeKeys(parts: VolumeKeysParts): VolumeKeys {
  const { store, book, maker, records, meter, audit, mayLive, changed } = parts;
  const preparing: PrepareParts = { ...parts, keys: store, tokens: book };
  const creating = new KeyedLock();

  /** What the agent itself does with a key goes on record, too, also where it fails. */
  async function recorded<T>(
    member: string,
    { tenant, key }: VolumeKey,
    work: (call: Pick<Call, "note">) => Promise<T>,
  ): Promise<T> {
    let noted: Record<string, unknown> = {};
    try {
      return await work({
        note(facts) {
          noted = { ...noted, ...facts };
        },
      });
    } finally {
      const event = { action: member, outcome: "note", actor, uid: 0 } as const;
      if ("receipt" in noted) await audit.append({ ...event, tenant, object: key, details: noted });
    }
  }

  async function open(of: VolumeKey, wrapped: string, call: Pick<Call, "note">): Promise<string> {
    const { tenant, key } = of;
    const wanted = { tenant, key, purpose: "encrypt", act: "process", for: "volume" } as const;
    const found = await prepare(preparing, wanted);
    const { token, record } = found;
    const blob = Buffer.from(wrapped, "base64");
    const where = { driver: token.driver.name, token: token.id };
    const { version, body } = await asking(where, async () => {
      const { version: number, body } = unpackBlob("dataKey", blob);
      const version = versionOf(record, number);
      if (version !== undefined) return { version, body };
      throw new DriverError("authentication", `there is no version ${number}`);
    });
    const use = {
      ...{ key, version: version.version, operation: "decrypt", purpose: purposeOf(of) },
      ...{ count: 1, bytes: body.length },
    } as const;
    const seal = sealOf(record, version, "dataKey", contextOf(of));
    const plaintext = await atToken({ call, meter }, found, use, (driver, label) =>
      driver.decrypt(label, seal, body),
    );
    return given(plaintext);
  }

  return {
    async make({ tenant, key }, by) {
      await creating.run(`${tenant} ${key}`, async () => {
        if ((await store.look(tenant, key)) !== undefined) return;
        const token = await book.of(tenant);
        const rule = await mayLive(tenant, token);
        const event = { action: "hsm.CreateKey", outcome: "note", actor, uid: 0 } as const;
        const details = { algorithm, token: token.id, rule, for: by };
        await audit.append({ ...event, tenant, object: key, details });
        const facts = { tenant, name: key, algorithm, region: token.region } as const;
        await maker.create(token, { ...facts, protection: "inToken" }, (version) => ({
          ...{ ...facts, protection: "inToken", driver: token.driver.name, purpose: "encrypt" },
          ...firstState({ name: key, algorithm, rotateDays: 0 }, by, new Date()),
          ...{ versions: [version], revision: 1 },
        }));
        changed(tenant);
      });
    },

    async look({ tenant, key }) {
      const found = await store.look(tenant, key);
      return found === undefined ? undefined : factsOf(found);
    },

    wrap: (of) =>
      recorded("hsm.DataKeys", of, async (call) => {
        const { tenant, key } = of;
        const wanted = { tenant, key, purpose: "encrypt", act: "protect", for: "volume" } as const;
        const found = await prepare(preparing, wanted);
        const version = newestOf(found.record);
        const use = {
          ...{ key, version: version.version, operation: "dataKeys", purpose: purposeOf(of) },
          ...{ count: 1, bytes: 32, encrypts: version.id },
        } as const;
        const seal = sealOf(found.record, version, "dataKey", contextOf(of));
        const [made] = await atToken({ call, meter }, found, use, (driver, label) =>
          driver.dataKeys(label, seal, 1),
        );
        if (made === undefined) throw new Error("the driver made no key");
        const wrapped = packBlob("dataKey", version.version, made.wrapped).toString("base64");
        return { passphrase: given(made.plaintext), wrapped };
      }),

    open: (of, wrapped, call) =>
      call === undefined
        ? recorded("hsm.DecryptDataKey", of, (own) => open(of, wrapped, own))
        : open(of, wrapped, call),

    async schedule({ tenant, key, volume }, by, at) {
      const { record } = await store.find(tenant, key);
      if (record.destroyAt !== undefined || record.state === "destroyed") return;
      const why = `to be destroyed on ${at} with the volume ${volume}`;
      await store.act(tenant, key, "scheduleDestroy", { user: by, why }, (next) => ({
        ...next,
        destroyAt: at,
      }));
    },

    async keep({ tenant, key }, by, why) {
      const { record } = await store.find(tenant, key);
      if (record.destroyAt === undefined) return;
      await store.act(tenant, key, "cancelDestroy", { user: by, why });
    },

    async destroy({ tenant, key, volume }) {
      let found = await store.find(tenant, key);
      if (found.record.state !== "destroyed") {
        const why = `the volume ${volume} is erased`;
        found = await store.act(tenant, key, "destroy", { user: actor, why });
      }
      await finishDestroying(found, records);
      found = await store.find(tenant, key);
      for (const { id } of found.record.versions) await requireGone(found, id);
      changed(tenant);
      return factsOf(found);
    },
  };
}

/** @throws Conflict while the token still has the object */
async function requireGone({ token, record }: FoundKey, id: string | undefined): Promise<void> {
  if (id === undefined) return;
  const { driver, label } = token;
  const isThere = await asking({ driver: driver.name, token: token.id }, async () => {
    try {
      await driver.key(label, id);
      return true;
    } catch (error) {
      if (error instanceof DriverError && error.kind === "keyMissing") return false;
      throw error;
    }
  });
  if (!isThere) return;
  const what = `The token ${token.id} still has an object of ${record.name}, which was destroyed; ask for Reconcile, and see what its driver says.`;
  throw new DsecosError("Conflict", what);
}

function factsOf({ record, token }: FoundKey): VolumeKeyFacts {
  const { name, state, destroyAt, versions } = record;
  return {
    ...{ key: name, token: token.id, state, destroyAt },
    versions: versions.map(({ version, fingerprint, createdAt, destroyedAt }) => ({
      ...{ version, fingerprint, createdAt, destroyedAt },
    })),
  };
}

const purposeOf = ({ volume }: VolumeKey) => `passphrase of the volume ${volume}`;
/** What a passphrase is bound to: it opens for no other volume. */
const contextOf = ({ tenant, volume }: VolumeKey) => `volume ${tenant}/${volume}`;

/** A secret on its way out; what we held of it is overwritten. */
function given(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString("base64");
  bytes.fill(0);
  return text;
}
