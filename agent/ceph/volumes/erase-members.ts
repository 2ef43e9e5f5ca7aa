/** Members of the contract about passphrases of volumes and destroying their keys. Imports nothing from node:. */
import * as v from "valibot";
import { count, document, type Method, text } from "../../bus/contract.ts";
import { cursorSchema } from "../../bus/fields.ts";
import { reasonSchema } from "../../hsm/keys/answers.ts";
import { tenantNameSchema } from "../../tenants/names.ts";
import { erasurePageSchema, volumeRowSchema, waitDaysSchema } from "./answers.ts";
import { volumeNameSchema } from "./record.ts";

const tenant = text("tenant", tenantNameSchema, "Name of the tenant.");
const volume = text("volume", volumeNameSchema, "Name of the volume.");
const reason = text("reason", reasonSchema, "Why, for the record.");
const about = { action: "unlock", changes: true, tenant: "tenant", object: "volume" } as const;

export const eraseMembers = {
  VolumePassphrase: {
    description:
      "The passphrase of a block volume, for cryptsetup on the machine that mounts it. It opens this volume alone, and only together with the tenant's key in Ceph; each reading goes on record and is counted, the passphrase does not.",
    in: [tenant, volume, reason],
    out: text("passphrase", v.string(), "The passphrase, one line."),
    ...about,
  },
  EraseVolume: {
    description:
      "Destroy the key of a block volume in 7 to 30 days, and then remove its data: whoever has a copy of it has nothing. Until then the tenant's key does not open it, and it can be restored. What was done is certified on record. Always needs a second person.",
    in: [
      tenant,
      volume,
      count("wait", waitDaysSchema, "Days until its key is destroyed, 7 to 30."),
      reason,
    ],
    out: document(
      "volume",
      volumeRowSchema,
      "The volume as it now stands, with what will be certified.",
    ),
    ...about,
    approvals: 1,
  },
  Erasures: {
    description: "Certificates of volumes of a tenant that were erased, newest first.",
    in: [
      tenant,
      text(
        "cursor",
        v.optional(cursorSchema, ""),
        "Where the page before ended; empty for the newest.",
      ),
    ],
    out: document("erasures", erasurePageSchema, "A page of certificates."),
    action: "read",
    tenant: "tenant",
  },
} as const satisfies Record<string, Method>;
