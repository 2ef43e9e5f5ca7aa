/**
 * Makes Ceph match what is declared of volumes: makes what is missing, puts quotas and capabilities
 * right, counts use and removes what was to be deleted. Runs at the start, on changes and every
 * minute. What nobody declared is told and never touched.
 */
import type { AuditWriter } from "../../audit/types.ts";
import { DsecosError } from "../../bus/errors.ts";
import type { VolumeKeys } from "../../hsm/volumes/types.ts";
import { explain, type Log } from "../../log.ts";
import { forEachBounded, KeyedLock } from "../../tenants/locks.ts";
import type { Ceph } from "../link/types.ts";
import { type ObjectParts, ObjectVolumes } from "../objects/kind.ts";
import type { Declared, VolumeBook } from "./book.ts";
import { TenantKeys } from "./keys.ts";
import { BlockVolumes } from "./kinds/block.ts";
import type { Erasure } from "./kinds/erasure.ts";
import { FileVolumes } from "./kinds/file.ts";
import type { VolumeKindName } from "./kinds/names.ts";
import type { Volume, VolumeKind } from "./kinds/types.ts";
import { Known, type Live } from "./known.ts";
import { Pools, type PoolsParts } from "./pools.ts";
import { type Kinds, lookAfter, type TenantParts } from "./tenant.ts";

const everyMs = 60_000;
/** Tenants at a time. */
const width = 4;
/** Action of the entries with certificates. */
export const erasedAction = "ceph.VolumeErased";
const actor = { actor: "dsecos-agent", uid: 0 } as const;

export interface ReconcilerParts extends Pick<TenantParts, "book" | "believable" | "now"> {
  ceph: Ceph;
  audit: AuditWriter;
  log: Log;
  crush: PoolsParts["crush"];
  map: PoolsParts["map"];
  breaches: PoolsParts["breaches"];
  /** Keys in tenants' tokens. */
  vault: VolumeKeys;
  /** How the cluster's S3 gateways are reached. */
  gateway: Pick<ObjectParts, "tool" | "endpoint" | "caFile">;
  /** Told a tenant of which something is other than before. */
  changed: (tenant: string) => void;
}

export class Reconciler {
  readonly #parts: ReconcilerParts;
  readonly #book: VolumeBook;
  readonly #pools: Pools;
  readonly #kinds: Kinds;
  readonly files: FileVolumes;
  readonly block: BlockVolumes;
  readonly objects: ObjectVolumes;
  readonly #tenants: TenantParts;
  readonly #locks = new KeyedLock();
  readonly #known: Known;
  #strays: readonly string[] = [];
  /** Why nothing could be asked in the newest round; empty where it could. */
  #unknown = "";
  #timer: NodeJS.Timeout | undefined;
  #pass: Promise<void> | undefined;
  #again = false;
  #stopped = true;

  constructor(parts: ReconcilerParts) {
    const { ceph, crush, map, breaches, book } = parts;
    this.#parts = parts;
    this.#book = book;
    this.#known = new Known(parts);
    const keys = new TenantKeys(ceph);
    const record: PoolsParts["record"] = (action, object, details) =>
      this.#append(action, "note", { object, details });
    const note = (action: string, { tenant, name }: Volume, details: Record<string, unknown>) =>
      this.#append(action, "note", { tenant, object: name, details });
    this.#pools = new Pools({ ceph, crush, map, breaches, record });
    this.objects = new ObjectVolumes({
      ...{ ...parts.gateway, ceph, pools: this.#pools, record, note, now: parts.now },
      alarm: (action, { tenant, name }, error) => this.alarm(action, tenant, name, error),
      stored: async ({ tenant, name }, stored) => {
        if (stored === undefined) return;
        await book.change(tenant, name, (is) => (is === undefined ? is : { ...is, stored }));
      },
    });
    const certify = ({ tenant, name }: Volume, certificate: Erasure) =>
      this.#append(erasedAction, "success", { tenant, object: name, details: { certificate } });
    const shared = { ceph, pools: this.#pools, keys, note };
    this.block = new BlockVolumes({ ...parts, ...shared, certify });
    this.files = new FileVolumes({
      ...{ ...parts, ...shared },
      alarm: (action, { tenant, name }, error) => this.alarm(action, tenant, name, error),
    });
    this.#kinds = {
      file: this.files,
      block: this.block,
      object: this.objects,
    };
    this.#tenants = {
      ...{ ...parts, kinds: this.#kinds, keys, known: this.#known },
      note: (action, tenant, details) => this.#append(action, "note", { tenant, details }),
      removed: ({ tenant, name }) => {
        const details = { why: "its time to be deleted came" };
        return this.#append("ceph.VolumeRemoved", "success", { tenant, object: name, details });
      },
    };
  }

  get strays(): readonly string[] {
    return this.#strays;
  }

  get unknown(): string {
    const { state, reason } = this.#parts.ceph.status();
    return state === "ready" ? this.#unknown : reason;
  }

  live(tenant: string, volume: string): Live | undefined {
    return this.#known.of(tenant, volume);
  }

  /** @throws DsecosError where this agent makes none of that kind */
  kind(name: VolumeKindName): VolumeKind {
    const kind = this.#kinds[name];
    if (kind !== undefined) return kind;
    const what = `This agent makes no volumes of the kind ${name}; update it.`;
    throw new DsecosError("Unavailable", what);
  }

  /** Puts on record what somebody did to a volume past the agent. */
  alarm(action: string, tenant: string, object: string, error: string): Promise<void> {
    return this.#append(action, "failure", { tenant, object, error });
  }

  start(): void {
    this.#stopped = false;
    this.#timer = setInterval(() => this.kick(), everyMs);
    this.#timer.unref();
    let before = "";
    this.#parts.ceph.onChanged(() => {
      const { state } = this.#parts.ceph.status();
      if (state === "ready" && before !== state) this.kick();
      before = state;
    });
    this.kick();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#pass;
    this.objects.close();
  }

  /** Asks for a round; those asked for meanwhile become one. */
  kick(): void {
    if (this.#stopped) return;
    if (this.#pass !== undefined) {
      this.#again = true;
      return;
    }
    this.#pass = this.round()
      .catch((error) => {
        this.#parts.log("error", "volumes could not be looked after", { error: explain(error) });
      })
      .finally(() => {
        this.#pass = undefined;
        if (!this.#again) return;
        this.#again = false;
        this.kick();
      });
  }

  /** Looks at all tenants once. */
  async round(): Promise<void> {
    if (this.#parts.ceph.status().state !== "ready") return;
    this.#forget();
    try {
      const { tenants, unreadable } = await this.#book.all();
      this.#unknown = [...unreadable.values()].flat()[0] ?? "";
      await forEachBounded([...tenants.keys()], width, async (tenant) => {
        if (!this.#stopped || this.#pass === undefined) await this.#tenant(tenant);
      });
      this.#known.keep((tenant, name) => tenants.get(tenant)?.has(name) === true);
      this.#strays = await this.#findStrays(tenants);
    } catch (error) {
      if (!(error instanceof DsecosError)) throw error;
      this.#unknown = error.message;
    }
  }

  /** Makes a tenant's volumes as they are declared just now. @throws DsecosError of this volume */
  async settle(tenant: string, volume: string): Promise<void> {
    const { state, reason } = this.#parts.ceph.status();
    if (state !== "ready") throw new DsecosError("Unavailable", reason);
    this.#forget();
    await this.#tenant(tenant);
    const live = this.live(tenant, volume);
    if (live !== undefined && live.trouble !== "") throw new DsecosError("Conflict", live.trouble);
  }

  #forget(): void {
    this.#pools.forget();
    for (const kind of Object.values(this.#kinds)) kind?.forget();
  }

  /** @param before tenants that had volumes when the round began */
  async #findStrays(before: Declared["tenants"]): Promise<string[]> {
    const kinds = new Set(
      [...before.values()].flatMap((volumes) => [...volumes.values()].map(({ kind }) => kind)),
    );
    // What was declared meanwhile is no stray.
    const declared = (await this.#book.all()).tenants;
    const found: string[] = [];
    for (const kind of kinds) found.push(...((await this.#kinds[kind]?.strays(declared)) ?? []));
    return found;
  }

  async #tenant(tenant: string): Promise<void> {
    await this.#locks.run(tenant, async () => {
      // What was declared before may be another by now.
      const volumes = await this.#book.of(tenant);
      const before = this.#known.text(tenant, volumes.keys());
      try {
        await lookAfter(this.#tenants, tenant, volumes);
      } catch (error) {
        if (!(error instanceof DsecosError)) throw error;
        for (const name of volumes.keys())
          this.#known.tell(tenant, name, { trouble: error.message });
      }
      const after = this.#known.text(tenant, volumes.keys());
      if (before !== after) this.#parts.changed(tenant);
    });
  }

  async #append(
    action: string,
    outcome: "note" | "success" | "failure",
    about: {
      tenant?: string;
      object?: string;
      details?: Record<string, unknown>;
      error?: string;
    },
  ): Promise<void> {
    await this.#parts.audit.append({ action, outcome, ...actor, ...about });
  }
}
