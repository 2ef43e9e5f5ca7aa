/** A volume as a person describes it, before it is made. */
import {
  capacitySchema,
  type VolumeSpec,
  volumeSpecSchema,
} from "../../../agent/ceph/volumes/answers.ts";
import type { StorageClass } from "../../../agent/ceph/volumes/classes.ts";
import {
  type VolumeKindName,
  volumeKindSchema,
  volumeKinds,
} from "../../../agent/ceph/volumes/kinds/names.ts";
import { tenantNameSchema } from "../../../agent/tenants/names.ts";
import { parseBytes } from "../../../agent/tenants/quantities.ts";
import { problemOf } from "../../lib/check.ts";

/** As typed. */
export interface VolumeDraft {
  tenant: string;
  kind: VolumeKindName;
  name: string;
  size: string;
  class: StorageClass;
}

export const blank: VolumeDraft = {
  ...{ tenant: "", kind: "file", name: "", size: "10GiB", class: "hosts-3" },
};

/** Of all kinds those that can be made. */
export const offeredKinds = volumeKinds.filter((kind) => problemOf(volumeKindSchema, kind) === "");

export function specOf({ name, kind, size, class: storageClass }: VolumeDraft): VolumeSpec {
  return { name, kind, size: size.trim(), class: storageClass, worm: false };
}

/** What is wrong with each field, in the contract's words; empty where nothing is. */
export function draftProblems({ tenant, name, size }: VolumeDraft) {
  return {
    tenant: problemOf(tenantNameSchema, tenant),
    name: problemOf(volumeSpecSchema.entries.name, name),
    size: problemOf(capacitySchema, size.trim()),
  };
}

/** @returns undefined where the text is no size */
export function bytesOf(text: string): number | undefined {
  const found = parseBytes(text.trim());
  return found === undefined ? undefined : Number(found);
}
