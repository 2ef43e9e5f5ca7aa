/** Makes the volumes of one tenant as they are declared, whatever kind they are of. */
import { DsecosError } from "../../bus/errors.ts";
import type { VolumeBook, Volumes } from "./book.ts";
import type { TenantKeys } from "./keys.ts";
import type { VolumeKindName } from "./kinds/names.ts";
import type { Found, Grants, Volume, VolumeKind } from "./kinds/types.ts";
import type { Known } from "./known.ts";

const clockDoubt =
  "The time to remove it has come, but the clock of this node may have gone ahead; see whether it is right (“timedatectl”), or restore the volume: after two days of running the clock is believed, and it is removed.";

export type Kinds = Readonly<Record<VolumeKindName, VolumeKind | undefined>>;

export interface TenantParts {
  book: VolumeBook;
  kinds: Kinds;
  keys: TenantKeys;
  known: Known;
  /** Whether the clock can be believed. @throws DsecosError where that cannot be found out */
  believable: (now: number) => Promise<boolean>;
  now: () => number;
  note: (action: string, tenant: string, details: Record<string, unknown>) => Promise<void>;
  /** Puts on record that the volume is no more. */
  removed: (volume: Volume) => Promise<void>;
}

/** Of one kind, what one look found. */
interface Looked {
  kind: VolumeKind;
  opened: Found[];
  leaving: Volume[];
}

/**
 * A kind that cannot be asked holds up no other, but for the key in cephx that several share: that is
 * left as it is, since nobody knows what it would have to open.
 */
export async function lookAfter(
  parts: TenantParts,
  tenant: string,
  volumes: Volumes,
): Promise<void> {
  const looked: Looked[] = [];
  let isKeyKnown = true;
  for (const [name, own] of groups(tenant, volumes)) {
    const kind = parts.kinds[name];
    if (kind === undefined) {
      const trouble = `This agent makes no volumes of the kind ${name}; update it.`;
      for (const volume of own) parts.known.tell(tenant, volume.name, { trouble });
      continue;
    }
    try {
      looked.push(await lookAt(parts, kind, own));
    } catch (error) {
      if (!(error instanceof DsecosError)) throw error;
      const trouble = error.message;
      for (const volume of own) parts.known.tell(tenant, volume.name, { trouble });
      if (kind.ownKeys !== true) isKeyKnown = false;
    }
  }
  // First, so that nobody writes into what is being removed.
  const grants: Grants[] = [];
  for (const { kind, opened } of looked) grants.push(await kind.admit(tenant, opened));
  if (isKeyKnown && (await parts.keys.allow(tenant, grants))) {
    const paths = looked.flatMap(({ opened }) => opened.map(({ path }) => path));
    await parts.note("ceph.CapabilitiesSet", tenant, { volumes: paths });
  }
  for (const { kind, leaving } of looked) {
    if (!isKeyKnown && kind.ownKeys !== true) continue;
    let gone = 0;
    for (const volume of leaving) gone += (await remove(parts, kind, volume)) ? 1 : 0;
    const count = [...volumes.values()].filter((record) => record.kind === kind.kind).length;
    if (gone === count) await kind.leave(tenant);
  }
}

function groups(tenant: string, volumes: Volumes): Map<VolumeKindName, Volume[]> {
  const byKind = new Map<VolumeKindName, Volume[]>();
  for (const [name, record] of volumes) {
    const own = byKind.get(record.kind) ?? [];
    byKind.set(record.kind, [...own, { tenant, name, record }]);
  }
  return byKind;
}

async function lookAt(
  parts: TenantParts,
  kind: VolumeKind,
  volumes: readonly Volume[],
): Promise<Looked> {
  const looked: Looked = { kind, opened: [], leaving: [] };
  for (const volume of volumes) {
    const end = await ending(parts, volume);
    if (end === "come") {
      looked.leaving.push(volume);
      continue;
    }
    const found = await settle(parts, kind, volume);
    if (found !== undefined && volume.record.state === "active") looked.opened.push(found);
    if (end === "doubtful") parts.known.tell(volume.tenant, volume.name, { trouble: clockDoubt });
  }
  return looked;
}

/** @returns what clients may open: where it lies otherwise than it must, nothing */
async function settle(
  { known }: TenantParts,
  kind: VolumeKind,
  volume: Volume,
): Promise<Found | undefined> {
  const { tenant, name } = volume;
  // Where not even this can be asked, keys are left as they are: the error ends the look at this kind.
  let found = await kind.find(volume);
  let caveat = "";
  try {
    caveat = await kind.caveat(volume);
    found = await kind.settle(volume, found);
    const { trouble = "", ...rest } = found;
    known.tell(tenant, name, { found: rest, caveat, trouble });
    return rest;
  } catch (error) {
    if (!(error instanceof DsecosError)) throw error;
    known.tell(tenant, name, { found, caveat, trouble: error.message });
    return undefined;
  }
}

/** Whether its time has come; then there is no way back, which is declared first. */
async function ending(
  { book, believable, now }: TenantParts,
  { tenant, name, record }: Volume,
): Promise<"come" | "doubtful" | "not"> {
  const { state, deleteAt } = record;
  if (state === "removing") return "come";
  if (state !== "deleting" || deleteAt === undefined || Date.parse(deleteAt) > now()) {
    return "not";
  }
  if (!(await believable(now()))) return "doubtful";
  const next = await book.change(tenant, name, (is) =>
    is?.state === "deleting" && is.deleteAt === deleteAt ? { ...is, state: "removing" } : is,
  );
  return next?.state === "removing" ? "come" : "not";
}

/** @returns whether it is gone */
async function remove(
  { book, known, removed }: TenantParts,
  kind: VolumeKind,
  volume: Volume,
): Promise<boolean> {
  const { tenant, name } = volume;
  try {
    if (!(await kind.remove(volume))) return false;
  } catch (error) {
    if (!(error instanceof DsecosError)) throw error;
    known.tell(tenant, name, { trouble: error.message });
    return false;
  }
  let mine = false;
  await book.change(tenant, name, (is) => {
    mine = is?.state === "removing";
    return mine ? undefined : is;
  });
  known.forget(tenant, name);
  // Another node may have been first.
  if (mine) await removed(volume);
  return true;
}
