/**
 * Keeps the snapshots of WORM file volumes: takes what is due, removes what was kept long enough, and
 * puts on record what somebody removed or changed past the agent. What should be there is declared
 * with the volume, what is there is asked of Ceph, and each tells of the other.
 */
import { DsecosError } from "../../../bus/errors.ts";
import type { VolumeBook } from "../book.ts";
import type { Found, Volume } from "../kinds/types.ts";
import type { SnapshotEngine, Where } from "./engine.ts";
import {
  dayOf,
  daySeconds,
  everyHours,
  type Snapshot,
  scheduledAt,
  snapshotOf,
  timeOf,
} from "./names.ts";

/** Clocks of two nodes differ by less, in seconds: what one removes is over for the other, too. */
const slack = 600;

export interface KeeperParts {
  engine: SnapshotEngine;
  book: Pick<VolumeBook, "change">;
  /** Whether the clock can be believed. @throws DsecosError where that cannot be found out */
  believable: (now: number) => Promise<boolean>;
  now: () => number;
  note: (action: string, volume: Volume, details: Record<string, unknown>) => Promise<void>;
  /** Puts on record what somebody did past us. */
  alarm: (action: string, volume: Volume, sentence: string) => Promise<void>;
}

export class SnapshotKeeper {
  readonly #parts: KeeperParts;
  /** Volumes whose loss is on record. */
  readonly #gone = new Set<string>();

  constructor(parts: KeeperParts) {
    this.#parts = parts;
  }

  /**
   * Of a volume that was settled.
   * @returns why its snapshots are not as promised now; empty where they are
   */
  async keep(volume: Volume, fileSystem: string, { used }: Found): Promise<string> {
    const { tenant, name, record } = volume;
    this.#gone.delete(idOf(volume));
    if (!record.worm && record.snapshots === undefined) return "";
    const { engine } = this.#parts;
    const where = { fileSystem, tenant, name };
    try {
      const there = await engine.list(where);
      const days = await this.#days(volume, there);
      const lost = await this.#lost(volume, there, days);
      const kept = await this.#thin(where, volume, there);
      await this.#write(volume, kept, lost);
      const isDue = record.state === "active" && used > 0 && this.#isDue(there, days);
      if (isDue) await this.take({ ...volume, days }, fileSystem, scheduledAt(this.#seconds()));
      return "";
    } catch (error) {
      if (!(error instanceof DsecosError)) throw error;
      return `What is in ${name} of ${tenant} is not held as promised just now: ${error.message}`;
    }
  }

  /** @param at seconds since 1970 @returns what was taken */
  async take(volume: Volume & { days: number }, fileSystem: string, at: number): Promise<Snapshot> {
    const { tenant, name, days } = volume;
    const taken = snapshotOf(at, days);
    await this.#parts.engine.take({ fileSystem, tenant, name }, taken);
    await this.#declare(volume, [taken], [], 0);
    return taken;
  }

  /** @throws Conflict where a volume that had snapshots is gone, which is on record */
  async requireNotGone(volume: Volume): Promise<void> {
    const { tenant, name, record } = volume;
    const { taken } = record.snapshots ?? { taken: [] };
    const until = Math.max(0, ...taken) + (record.retention ?? 0) * daySeconds;
    if (taken.length === 0 || until <= this.#seconds()) return;
    const what = `The volume ${name} of ${tenant} is gone from Ceph, and its snapshots (${taken.length}) were to be kept, the last until ${dayOf(until)}; it is not made anew. Bring it back from its backup, or delete the volume.`;
    if (!this.#gone.has(idOf(volume))) await this.#parts.alarm("ceph.WormLost", volume, what);
    this.#gone.add(idOf(volume));
    throw new DsecosError("Conflict", what);
  }

  /** @throws Conflict while something of it must be kept, with until when */
  async requireRemovable(volume: Volume, fileSystem: string, used: number): Promise<void> {
    const { tenant, name, record } = volume;
    const there = await this.#parts.engine.list({ fileSystem, tenant, name });
    const held = there.filter(({ until }) => until > this.#seconds());
    const days = record.retention ?? 0;
    if (record.worm && used > 0) {
      const until = Math.max(this.#seconds() + days * daySeconds, ...held.map(untilOf));
      const what = `${name} of ${tenant} has ${used} bytes in it, which snapshots hold; have it emptied first. It can be deleted after the last snapshot, which is kept until ${dayOf(until)} at least.`;
      throw new DsecosError("Conflict", what);
    }
    if (held.length === 0) return;
    const last = dayOf(Math.max(...held.map(untilOf)));
    const what = `Snapshots of ${name} of ${tenant} are still kept (${held.length}), the last until ${last}; it can be deleted after that.`;
    throw new DsecosError("Conflict", what);
  }

  /** Removes what was kept long enough, before the volume goes. @throws Conflict while one is kept */
  async clear(volume: Volume, fileSystem: string): Promise<void> {
    const { tenant, name } = volume;
    const where = { fileSystem, tenant, name };
    const kept = await this.#thin(where, volume, await this.#parts.engine.list(where), 0);
    if (kept.length === 0) return;
    const last = dayOf(Math.max(...kept.map(untilOf)));
    const what = `Snapshots of ${name} of ${tenant} are still kept (${kept.length}), the last until ${last}, so the volume stays until then.`;
    throw new DsecosError("Conflict", what);
  }

  /** Puts right what was declared past the agent: what is there already says what was promised. */
  async #days({ tenant, name, record }: Volume, there: readonly Snapshot[]): Promise<number> {
    const declared = record.worm ? (record.retention ?? 0) : 0;
    const held = there.filter(({ until }) => until > this.#seconds());
    const promised = Math.max(0, ...held.map(({ at, until }) => (until - at) / daySeconds));
    if (declared >= promised) return declared;
    const said = record.worm ? `kept for ${declared} days` : "no WORM volume any more";
    const what = `Somebody declared ${name} of ${tenant} to be ${said}, past the agent, while its snapshots are kept for ${promised} days: it is put back; see who may write into the project ${tenant} of Incus.`;
    await this.#parts.alarm("ceph.WormChanged", { tenant, name, record }, what);
    await this.#parts.book.change(tenant, name, (is) =>
      is === undefined ? is : { ...is, worm: true, retention: promised },
    );
    return promised;
  }

  /** @returns those that stay */
  async #thin(
    where: Where,
    volume: Volume,
    there: readonly Snapshot[],
    later = slack,
  ): Promise<Snapshot[]> {
    const { engine, believable, now, note } = this.#parts;
    const over = there.filter(({ until }) => until + later <= this.#seconds());
    if (over.length === 0 || !(await believable(now()))) return [...there];
    const snapshots = over.map(({ name }) => name);
    await note("ceph.SnapshotsRemoved", volume, { snapshots, why: "they were kept long enough" });
    for (const snapshot of over) await engine.remove(where, snapshot);
    return there.filter((snapshot) => !over.includes(snapshot));
  }

  #isDue(there: readonly Snapshot[], days: number): boolean {
    const now = this.#seconds();
    // One of tomorrow is of a clock that was wrong, and holds nothing of today.
    const last = Math.max(0, ...there.map(({ at }) => at).filter((at) => at <= now + slack));
    return days > 0 && last + everyHours(days) * 3600 <= now;
  }

  /** Puts on record what should be there and is not. @returns when these were taken */
  async #lost(volume: Volume, there: readonly Snapshot[], days: number): Promise<number> {
    const { tenant, name, record } = volume;
    const now = this.#seconds();
    const lost = (record.snapshots?.taken ?? []).filter(
      (at) => at + days * daySeconds > now && !there.some((one) => one.at === at),
    );
    if (lost.length === 0) return 0;
    const times = lost.slice(0, 5).map(timeOf).join(", ");
    const more = lost.length > 5 ? ` and ${lost.length - 5} more` : "";
    const what = `Snapshots of ${name} of ${tenant} were to be kept and are gone (${lost.length}), of ${times}${more}: somebody removed them past the agent; see the cluster's audit log, and who has keys as strong as the admin's.`;
    await this.#parts.alarm("ceph.WormLost", volume, what);
    return lost.length;
  }

  async #write(volume: Volume, kept: readonly Snapshot[], lost: number): Promise<void> {
    const before = volume.record.snapshots?.taken ?? [];
    const fresh = kept.filter(({ at }) => !before.includes(at));
    const gone = before.filter((at) => !kept.some((one) => one.at === at));
    if (fresh.length + gone.length > 0) await this.#declare(volume, fresh, gone, lost);
  }

  /** Declares what there is now. What is new goes on record first. */
  async #declare(
    volume: Volume,
    fresh: readonly Snapshot[],
    gone: readonly number[],
    lost: number,
  ): Promise<void> {
    const { tenant, name } = volume;
    for (const { name: snapshot } of fresh) {
      await this.#parts.note("ceph.SnapshotTaken", volume, { snapshot });
    }
    await this.#parts.book.change(tenant, name, (is) => {
      if (is === undefined) return is;
      const now = is.snapshots ?? { taken: [], lost: 0 };
      const stay = now.taken.filter((at) => !gone.includes(at));
      const taken = [...new Set([...stay, ...fresh.map(({ at }) => at)])].sort((a, b) => a - b);
      return { ...is, snapshots: { taken, lost: now.lost + lost } };
    });
  }

  #seconds(): number {
    return Math.floor(this.#parts.now() / 1000);
  }
}

const untilOf = ({ until }: Snapshot) => until;
const idOf = ({ tenant, name }: Volume) => `${tenant}/${name}`;
