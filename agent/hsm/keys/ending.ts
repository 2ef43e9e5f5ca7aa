/** Ends of keys: what is destroyed loses its objects; record and public halves stay as a tombstone. */
import type { FoundKey, Revised, Token } from "../parts.ts";
import type { TokenRecords } from "../tokens/records.ts";
import { destroyObject } from "./maker.ts";
import type { KeyVersion } from "./record.ts";
import { storedVersion, versionLabel } from "./stored.ts";

/** @returns whether something of a destroyed key is still to be removed. */
export function isUnfinished({ record }: FoundKey): boolean {
  return (
    record.state === "destroyed" &&
    record.versions.some(({ destroyedAt }) => destroyedAt === undefined)
  );
}

/** Removes what a destroyed key still has in its token; may be cut off anywhere and begun again. */
export async function finishDestroying(
  { record, token }: FoundKey,
  records: TokenRecords,
): Promise<void> {
  for (const version of record.versions) {
    if (version.destroyedAt !== undefined) continue;
    if (version.id !== undefined) await destroyObject(token, version.id);
    await bury(token, records, record.name, version);
  }
}

async function bury(
  token: Token,
  records: TokenRecords,
  name: string,
  version: KeyVersion,
): Promise<void> {
  const label = versionLabel(name, version.version);
  const stored = storedVersion(await records.read(token, label));
  const { sealed, ...rest } = version;
  const tomb: KeyVersion & Revised = {
    ...rest,
    // The seed is gone with its blob; the public half stays.
    ...(sealed === undefined ? {} : { sealed: { ...sealed, blob: "" } }),
    destroyedAt: new Date().toISOString(),
    revision: (stored?.revision ?? 0) + 1,
  };
  await records.write(token, label, tomb);
}
