/** Members of the contract about tenants' volumes. Imports nothing from node:. */
import { count, document, type Method, text } from "../../bus/contract.ts";
import { identifierSchema } from "../../bus/fields.ts";
import { reasonSchema } from "../../hsm/keys/answers.ts";
import { tenantNameSchema } from "../../tenants/names.ts";
import {
  capacitySchema,
  volumeAccessSchema,
  volumeFilterSchema,
  volumePageSchema,
  volumeRowSchema,
  volumeSpecSchema,
  waitDaysSchema,
} from "./answers.ts";
import { volumeNameSchema } from "./record.ts";

const tenant = text("tenant", tenantNameSchema, "Name of the tenant.");
const volume = text("volume", volumeNameSchema, "Name of the volume.");
const row = document("volume", volumeRowSchema, "The volume as it now stands.");

const about = { action: "storage", tenant: "tenant", object: "volume" } as const;
const change = { ...about, changes: true } as const;

export const volumeMembers = {
  Volumes: {
    description: "Tenants' volumes that match, a page at a time, with what is used of each.",
    in: [document("filter", volumeFilterSchema, "Which volumes, and in which order.")],
    out: document("volumes", volumePageSchema, "A page of volumes."),
    action: "read",
  },
  CreateVolume: {
    description:
      "Declare a volume of a tenant and make it: a directory, a disk or a bucket. Where it cannot be made yet, the job says why; it stays declared, and is made once it can be.",
    in: [tenant, document("spec", volumeSpecSchema, "What the volume is.")],
    out: text("job", identifierSchema, "Id of the job."),
    ...change,
    object: "spec.name",
    job: true,
  },
  ResizeVolume: {
    description: "Let more or less fit into a volume, though not less than what is in it.",
    in: [tenant, volume, text("capacity", capacitySchema, "How much fits, for example 10GiB.")],
    out: row,
    ...change,
  },
  DeleteVolume: {
    description:
      "Remove a volume with its data in 7 to 30 days. Until then the tenant's key does not open it, and it can be restored. A WORM volume that still holds something, or has a snapshot that is still kept, is not removed. Always needs a second person.",
    in: [tenant, volume, count("wait", waitDaysSchema, "Days until it is removed, 7 to 30.")],
    out: row,
    ...change,
    approvals: 1,
  },
  RestoreVolume: {
    description: "Keep a volume that was to be deleted, and let the tenant's key open it again.",
    in: [tenant, volume, text("reason", reasonSchema, "Why, for the record.")],
    out: row,
    ...change,
  },
  VolumeAccess: {
    description:
      "The key of the tenant's client and how it opens the volume. The key opens volumes of this tenant and nothing else, that of a bucket this bucket alone; each reading goes on record, the key does not.",
    in: [tenant, volume],
    out: document("access", volumeAccessSchema, "Keyring and command."),
    ...about,
    recorded: true,
  },
} as const satisfies Record<string, Method>;
