/** The signed map that holds on this node: seen by everybody, exchanged by an officer and a second person. */
import { createHash } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { syncDirectory } from "../../../audit/seal/files.ts";
import { temporaryEnding } from "../../../audit/segments/durable.ts";
import type { Call } from "../../../bus/call.ts";
import { DsecosError } from "../../../bus/errors.ts";
import { writeNew } from "../../../hsm/pki/durable.ts";
import type { Answers } from "../../area.ts";
import { believedMap, type MapPlaces, readMapFile } from "../../volumes/map.ts";
import type { HeldMap } from "./answers.ts";
import type { JurisdictionMap } from "./document.ts";
import type { mapMembers } from "./members.ts";
import { signersOf } from "./signed.ts";

export interface MapParts {
  places: MapPlaces;
  /** fsid of the cluster; empty while it is not known. */
  cluster: () => string;
  /** Told when another map holds. */
  changed: () => void;
}

const none: HeldMap = { state: "none", error: "", hash: "", signers: [], map: null };

export function createMaps({ places: { file, keys }, cluster, changed }: MapParts) {
  async function held(): Promise<HeldMap> {
    const content = await contentOf(file);
    if (content === undefined) return none;
    const hash = hashOf(content);
    try {
      const map = await believedMap(content, file, keys, cluster());
      return { state: "believed", error: "", hash, signers: signersOf(content, file), map };
    } catch (error) {
      if (!(error instanceof DsecosError)) throw error;
      return { ...none, state: "refused", error: error.message, hash };
    }
  }

  async function set(call: Call, serial: number, hash: string, sent: string): Promise<HeldMap> {
    const bytes = Buffer.from(sent, "base64");
    if (hashOf(bytes) !== hash) {
      const what = `The map that was sent has the hash ${hashOf(bytes)}, and not the one that was approved.`;
      throw new DsecosError("InvalidArgument", what);
    }
    const content = bytes.toString("utf8");
    const map = await believedMap(content, "What was sent", keys, cluster());
    if (map.serial !== serial) {
      const what = `The map has the serial number ${map.serial}, and not ${serial}; name its own.`;
      throw new DsecosError("InvalidArgument", what);
    }
    const before = await held();
    requireNewer(map, before);
    call.note({ serial, before: before.map?.serial ?? 0, signers: signersOf(content, file) });
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    // What an agent that was killed left.
    await rm(file + temporaryEnding, { force: true });
    await writeNew(file, content);
    await syncDirectory(dirname(file));
    changed();
    return held();
  }

  const handlers: Answers<typeof mapMembers> = {
    ResidencyMap: held,
    SetResidencyMap: set,
  };
  return {
    handlers,
    fingerprints: {
      /** An approval holds for the map that held when it was asked for. */
      SetResidencyMap: async (_call: Call, _serial: number, _hash: string) =>
        (await held()).hash.slice(0, 32),
    },
  };
}

function requireNewer({ serial }: JurisdictionMap, { state, map, error }: HeldMap): void {
  if (map !== null && serial <= map.serial) {
    const what = `The map that holds has the serial number ${map.serial}; have one signed with a greater one than ${serial}.`;
    throw new DsecosError("Conflict", what);
  }
  if (state !== "refused") return;
  // Its serial number is worth nothing, so that an older map could take its place unseen.
  const what = `The map that is there is not believed (${error}); put a believed one there by hand first.`;
  throw new DsecosError("Conflict", what);
}

async function contentOf(file: string): Promise<string | undefined> {
  try {
    return await readMapFile(file);
  } catch (error) {
    if (error instanceof DsecosError && error.code === "NotFound") return undefined;
    throw error;
  }
}

const hashOf = (content: string | Uint8Array) => createHash("sha256").update(content).digest("hex");
