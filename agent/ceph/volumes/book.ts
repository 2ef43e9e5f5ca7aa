/**
 * Which volumes are declared: keys `user.dsecos.volume.<name>` of the tenants' Incus projects, so that
 * every node knows them, and a volume that is not made yet is not forgotten.
 */
import { DsecosError } from "../../bus/errors.ts";
import type { IncusClient } from "../../incus/client.ts";
import { literal, select } from "../../incus/sql.ts";
import { updateProject } from "../../tenants/project.ts";
import { parseVolume, type VolumeRecord, volumeKeyPrefix, writeVolume } from "./record.ts";

/** A change that no event told of is seen after this long, in milliseconds. */
const lifetimeMs = 30_000;
/** With a thousand projects Incus locks its database for up to half a minute; nobody watches a page that long. */
const soonMs = 250;
const slow =
  "Incus does not answer just now; what is shown was declared a moment ago, and what changed since is not in it.";

/** By name. */
export type Volumes = ReadonlyMap<string, VolumeRecord>;

export interface Declared {
  /** By tenant; a tenant without volumes is not in it. */
  tenants: ReadonlyMap<string, Volumes>;
  /** Keys that are no records of ours, one sentence each, by tenant. */
  unreadable: ReadonlyMap<string, readonly string[]>;
}

export class VolumeBook {
  readonly #client: IncusClient;
  #declared: Promise<Declared> | undefined;
  #until = 0;
  /** Under way, whether something changed since it began or not. */
  #reading: Promise<unknown> | undefined;
  /** Read last, however long ago. */
  #last: Declared | undefined;
  /** Records of the newest reading by their texts: most are the same again. */
  #parsed: ReadonlyMap<string, VolumeRecord> = new Map();

  constructor(client: IncusClient) {
    this.#client = client;
  }

  /** Something changed in Incus. */
  stale(): void {
    this.#declared = undefined;
  }

  /** @throws DsecosError while Incus does not answer */
  all(): Promise<Declared> {
    if (this.#declared !== undefined && performance.now() < this.#until) return this.#declared;
    this.#until = performance.now() + lifetimeMs;
    const declared = this.#read();
    this.#declared = declared;
    const reading = declared
      .then(
        (read) => {
          this.#last = read;
        },
        () => {
          // Whoever asked hears of it; the next one asks Incus again.
          if (this.#declared === declared) this.#declared = undefined;
        },
      )
      .finally(() => {
        if (this.#reading === reading) this.#reading = undefined;
      });
    this.#reading = reading;
    return declared;
  }

  /**
   * For who only looks: what was read before, where Incus does not answer soon.
   * @returns and why it may be old; empty where it is not
   * @throws DsecosError where nothing was read before
   */
  async recent(): Promise<{ declared: Declared; old: string }> {
    const last = this.#last;
    if (last === undefined) return { declared: await this.all(), old: "" };
    // An Incus that is late is not asked by everybody who looks meanwhile.
    const reading = Promise.resolve(this.#reading)
      .then(() => this.all())
      .then((declared) => ({ declared, old: "" }));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<{ declared: Declared; old: string }>((resolve) => {
      timer = setTimeout(() => resolve({ declared: last, old: slow }), soonMs);
    });
    try {
      return await Promise.race([reading, late]);
    } catch (error) {
      if (!(error instanceof DsecosError)) throw error;
      return { declared: last, old: error.message };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Of one tenant, read anew. */
  async of(tenant: string): Promise<Volumes> {
    const { tenants } = await this.#read(` AND p.name=${literal(tenant)}`);
    return tenants.get(tenant) ?? new Map();
  }

  /**
   * Changes one record; undefined takes it away.
   * @param change gets what is declared, how many volumes the tenant has, and bytes of the others
   * @returns what is declared now
   */
  async change(
    tenant: string,
    name: string,
    change: (
      now: VolumeRecord | undefined,
      count: number,
      others: bigint,
    ) => VolumeRecord | undefined,
  ): Promise<VolumeRecord | undefined> {
    const key = `${volumeKeyPrefix}${name}`;
    let next: VolumeRecord | undefined;
    try {
      await updateProject(this.#client, tenant, (config) => {
        const text = config[key];
        const now = text === undefined ? undefined : parseVolume(text);
        if (text !== undefined && now === undefined) throw unreadable(tenant, key);
        const keys = Object.keys(config).filter((each) => each.startsWith(volumeKeyPrefix));
        const others = keys.filter((each) => each !== key).map((each) => config[each] ?? "");
        next = change(now, keys.length, sumOf(others));
        // An empty value takes the key away.
        return { ...config, [key]: next === undefined ? "" : writeVolume(next) };
      });
    } finally {
      this.stale();
      // Whoever changed it must not see it as it was.
      this.#last = undefined;
    }
    return next;
  }

  async #read(condition = ""): Promise<Declared> {
    const rows = await select(
      this.#client,
      "SELECT p.name, c.key, c.value FROM projects_config c JOIN projects p ON p.id=c.project_id " +
        `WHERE c.key LIKE '${volumeKeyPrefix}%'${condition}`,
    );
    const tenants = new Map<string, Map<string, VolumeRecord>>();
    const wrong = new Map<string, string[]>();
    const parsed = new Map<string, VolumeRecord>();
    for (const row of rows) {
      const [tenant = "", key = "", value = ""] = row.map(String);
      const record = this.#parsed.get(value) ?? parsed.get(value) ?? parseVolume(value);
      if (record === undefined) {
        wrong.set(tenant, [...(wrong.get(tenant) ?? []), unreadable(tenant, key).message]);
        continue;
      }
      parsed.set(value, record);
      const volumes = tenants.get(tenant) ?? new Map<string, VolumeRecord>();
      tenants.set(tenant, volumes.set(key.slice(volumeKeyPrefix.length), record));
    }
    if (condition === "") this.#parsed = parsed;
    return { tenants, unreadable: wrong };
  }
}

/** Of records that cannot be read nothing is known; they are told elsewhere. */
function sumOf(texts: readonly string[]): bigint {
  return texts.reduce((sum, text) => sum + BigInt(parseVolume(text)?.bytes ?? 0), 0n);
}

function unreadable(tenant: string, key: string): DsecosError {
  const what = `A volume of ${tenant} cannot be read; look at “incus project get ${tenant} ${key}” and put it right.`;
  return new DsecosError("Conflict", what);
}
