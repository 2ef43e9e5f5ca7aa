/** What lies in the groups of tenants and was declared by nobody. */
import type { Volumes } from "../book.ts";
import type { VolumeRecord } from "../record.ts";
import { type FileEngine, subvolumeName } from "./file-engine.ts";

/** More are not named. */
const mostNamed = 100;

/** @returns a sentence for each; a subvolume is ours by its name, which begins with its group's */
export async function findStrays(
  files: FileEngine,
  fileSystem: string,
  declared: ReadonlyMap<string, Volumes>,
): Promise<string[]> {
  const strays: string[] = [];
  for (const group of await files.groups(fileSystem)) {
    const volumes = declared.get(group) ?? new Map<string, VolumeRecord>();
    const known = new Set(
      [...volumes].flatMap(([name, { kind }]) =>
        kind === "file" ? subvolumeName(group, name) : [],
      ),
    );
    for (const name of await files.subvolumes(fileSystem, group)) {
      const isOurs = name.startsWith(subvolumeName(group, ""));
      if (known.has(name) || !(isOurs || declared.has(group))) continue;
      if (strays.length < mostNamed) strays.push(sentence(fileSystem, group, name));
    }
  }
  return strays;
}

function sentence(fileSystem: string, group: string, name: string): string {
  return `${name} in the group ${group} was declared by nobody; look at it (ceph fs subvolume info ${fileSystem} ${name} ${group}) and remove it, or leave it.`;
}
