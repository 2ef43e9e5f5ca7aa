/**
 * What the reconciler and the service ask of every kind of volume, so that they treat all alike. All
 * failures are DsecosError with one sentence that says what to do.
 */
import type { VolumeAccess } from "../answers.ts";
import type { Volumes } from "../book.ts";
import type { VolumeRecord } from "../record.ts";
import type { VolumeKindName } from "./names.ts";

/** A volume as it is declared. */
export interface Volume {
  readonly tenant: string;
  readonly name: string;
  readonly record: VolumeRecord;
}

/** A volume as Ceph has it. */
export interface Found {
  /** Where it is to whoever opens it: a path, an image or a bucket. */
  path: string;
  /** Pool that has its content. */
  pool: string;
  /** RADOS namespace that has it. */
  namespace: string;
  /** How much fits, in bytes; -1 for no bound. */
  quota: number;
  /** Bytes that Ceph counted in it; -1 where that is not known. */
  used: number;
  /** When it was counted, where that is not when it was found. */
  usedAt?: string;
  /** What is not as promised although it may be opened; absent where all is. */
  trouble?: string;
}

/** Single capabilities in cephx, by kind of daemon. */
export type Grants = Readonly<Partial<Record<"mon" | "mds" | "osd", readonly string[]>>>;

export interface VolumeKind {
  readonly kind: VolumeKindName;
  /** Why no volume of this kind can be WORM; empty where one can. */
  readonly notWorm: string;
  /** Whether the tenant opens these with other keys than its one in cephx. */
  readonly ownKeys?: boolean;
  /** What the record of a new one has beside what all have; absent where that is nothing. */
  declare?(name: string): Pick<VolumeRecord, "key">;
  /** Whatever is asked next is asked of the cluster. */
  forget(): void;
  /** @returns undefined where Ceph has none; throws where it cannot be asked */
  find(volume: Volume): Promise<Found | undefined>;
  /** What of it may lie outside its jurisdiction; empty where nothing does. Makes pools that are missing. */
  caveat(volume: Volume): Promise<string>;
  /**
   * Makes it, or goes on where that was cut off, and puts its size right.
   * @param found what `find` said just now
   * @returns it as it then is, which its tenant may open
   * @throws Conflict where it lies otherwise than it must, so that nobody may open it
   */
  settle(volume: Volume, found: Found | undefined): Promise<Found>;
  /** Asked before another size is declared. @throws QuotaExceeded, Conflict where that cannot be */
  requireSize(volume: Volume, bytes: number): Promise<void>;
  /**
   * Lets the tenant's clients open these volumes of the kind and no others, by means of its own.
   * @returns what the tenant's one key in cephx needs for them; nothing where the kind has keys of its own
   */
  admit(tenant: string, opened: readonly Found[]): Promise<Grants>;
  /**
   * Asked before one that was to be deleted is declared to be kept; takes back what was begun. Absent
   * where nothing is begun before its time.
   */
  reopen?(volume: Volume, by: string, why: string): Promise<void>;
  /** Asked before it is declared to be deleted. @throws Conflict while it must be kept, with until when */
  requireRemovable?(volume: Volume): Promise<void>;
  /** Removes its data, of which nobody can open anything any more. @returns whether it is gone */
  remove(volume: Volume): Promise<boolean>;
  /** The tenant has no volume of this kind any more: takes away what was made around them. */
  leave(tenant: string): Promise<void>;
  /** What lies in places of tenants and was declared by nobody, one sentence each. */
  strays(declared: ReadonlyMap<string, Volumes>): Promise<string[]>;
  /** What the tenant's client needs to open it. */
  access(volume: Volume, found: Found): Promise<VolumeAccess>;
}
