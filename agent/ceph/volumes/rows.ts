/** How volumes are shown. */
import type { VolumeRow } from "./answers.ts";
import type { Live } from "./known.ts";
import type { VolumeRecord } from "./record.ts";

export function volumeRow(
  tenant: string,
  name: string,
  record: VolumeRecord,
  live: Live | undefined,
): VolumeRow {
  const { kind, bytes, jurisdiction, worm, createdAt, createdBy, deleteAt } = record;
  const found = live?.found;
  return {
    ...{ tenant, name, kind, jurisdiction, class: record.class, worm, createdAt, createdBy },
    state: stateOf(record, live),
    retention: record.retention ?? 0,
    bytes: Number(bytes),
    used: found?.used ?? -1,
    countedAt: found === undefined || found.used < 0 ? "" : (found.usedAt ?? live?.at ?? ""),
    key: record.key?.name ?? "",
    pool: found?.pool ?? "",
    trouble: troubleOf(record, live),
    caveat: live?.caveat ?? "",
    ...(deleteAt === undefined ? {} : { deleteAt }),
    ...(record.erase === undefined ? {} : { erase: eraseOf(record.erase) }),
  };
}

function eraseOf({ by, approvers, reason, at }: NonNullable<VolumeRecord["erase"]>) {
  return { by, approvers, reason, at };
}

export function stateOf({ state }: VolumeRecord, live: Live | undefined): VolumeRow["state"] {
  if (state !== "active") return state;
  return live?.found !== undefined && live.trouble === "" ? "ready" : "declared";
}

export function troubleOf({ state }: VolumeRecord, live: Live | undefined): string {
  if (live === undefined) return state === "active" ? "It was not looked at yet." : "";
  return live.trouble;
}
