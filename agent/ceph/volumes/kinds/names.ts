/** Kinds of volumes by name. Imports nothing from node:, since the pages use it too. */
import * as v from "valibot";

export const volumeKinds = ["file", "block", "object"] as const;
export type VolumeKindName = (typeof volumeKinds)[number];

export const volumeKindSchema = v.pipe(
  v.picklist(volumeKinds),
  v.description(
    "What it is to its clients: a directory (file), a disk (block) or a bucket (object)",
  ),
);
