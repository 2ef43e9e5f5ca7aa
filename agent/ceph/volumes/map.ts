/** The map of jurisdictions that holds on this node: a signed file, and whom it may be signed by. */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { DsecosError } from "../../bus/errors.ts";
import type { JurisdictionMap } from "../residency/map/document.ts";
import { mapKey, mostMapBytes, openMap } from "../residency/map/signed.ts";

export interface MapPlaces {
  /** The signed map. */
  file: string;
  /** Directory of the public keys, `<name>.pem`, of those who may sign it. */
  keys: string;
}

/**
 * @param fsid of the cluster that the map must be of
 * @throws DsecosError where there is none, or none that can be believed, with what to do
 */
export async function readMap(places: MapPlaces, fsid: string): Promise<JurisdictionMap> {
  return believedMap(await readMapFile(places.file), places.file, places.keys, fsid);
}

/**
 * @param content of the file
 * @param file name, for messages
 * @throws DsecosError where it is signed by nobody who is trusted, or of another cluster
 */
export async function believedMap(
  content: string,
  file: string,
  keys: string,
  fsid: string,
): Promise<JurisdictionMap> {
  const names = (await list(keys)).filter((name) => name.endsWith(".pem")).sort();
  if (names.length === 0) {
    const what = `${keys} has no key of somebody who may sign maps of jurisdictions; put his public key there, ending in .pem.`;
    throw new DsecosError("Conflict", what);
  }
  const trusted = await Promise.all(
    names.map(async (name) => mapKey(await readFile(join(keys, name), "utf8"), join(keys, name))),
  );
  const map = openMap(content, file, trusted);
  if (map.cluster === fsid) return map;
  const what = `${file} is the map of the cluster ${map.cluster}, and this one is ${fsid}; have a map of this one signed.`;
  throw new DsecosError("Conflict", what);
}

/** @throws NotFound where there is none, Conflict where it cannot be read */
export async function readMapFile(file: string): Promise<string> {
  try {
    if ((await stat(file)).size > mostMapBytes) {
      const what = `${file} has more than ${mostMapBytes} bytes, which is no map of jurisdictions.`;
      throw new DsecosError("InvalidArgument", what);
    }
    return await readFile(file, "utf8");
  } catch (cause) {
    if (cause instanceof DsecosError) throw cause;
    const what = `${file} cannot be read, so it is not known where any storage is; put the signed map of jurisdictions there.`;
    const isMissing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    throw new DsecosError(isMissing ? "NotFound" : "Conflict", what, { cause });
  }
}

async function list(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return [];
    const what = `${directory} cannot be read; it has the keys of those who may sign maps of jurisdictions.`;
    throw new DsecosError("Unavailable", what, { cause: error });
  }
}
