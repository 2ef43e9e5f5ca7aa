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
import { volumeNameSchema } from "../../../agent/ceph/volumes/record.ts";
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
  worm: boolean;
  /** Days that a WORM bucket holds what is written into it, or that snapshots are kept. */
  retention: string;
}

export const blank: VolumeDraft = {
  ...{ tenant: "", kind: "file", name: "", size: "10GiB", class: "hosts-3" },
  ...{ worm: false, retention: "365" },
};

/** Of all kinds those that can be made. */
export const offeredKinds = volumeKinds.filter((kind) => problemOf(volumeKindSchema, kind) === "");

/** Whether it is one of which contents can be held: objects each, files by snapshots. */
export const canHold = ({ kind }: Pick<VolumeDraft, "kind">) => kind !== "block";

export function specOf(draft: VolumeDraft): VolumeSpec {
  const { name, kind, size, class: storageClass, retention } = draft;
  const worm = draft.worm && canHold(draft);
  return {
    ...{ name, kind, size: size.trim(), class: storageClass, worm },
    ...(worm && { retention: retention.trim() === "" ? Number.NaN : Number(retention) }),
  };
}

/** What is wrong with each field, in the contract's words; empty where nothing is. */
export function draftProblems(draft: VolumeDraft) {
  const spec = specOf(draft);
  const one = {
    tenant: problemOf(tenantNameSchema, draft.tenant),
    name: problemOf(volumeNameSchema, spec.name),
    size: problemOf(capacitySchema, spec.size),
  };
  if (Object.values(one).some(Boolean)) return { ...one, retention: "" };
  const { retention: _retention, ...bare } = { ...spec, worm: false };
  const name = problemOf(volumeSpecSchema, bare);
  return { ...one, name, retention: name ? "" : problemOf(volumeSpecSchema, spec) };
}

/** @returns undefined where the text is no size */
export function bytesOf(text: string): number | undefined {
  const found = parseBytes(text.trim());
  return found === undefined ? undefined : Number(found);
}
