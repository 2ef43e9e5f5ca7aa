/** Members of the contract about snapshots of WORM file volumes. Imports nothing from node:. */
import { document, type Method, text } from "../../../bus/contract.ts";
import { tenantNameSchema } from "../../../tenants/names.ts";
import { volumeNameSchema } from "../record.ts";
import { snapshotSchema, snapshotsSchema } from "./answers.ts";

const tenant = text("tenant", tenantNameSchema, "Name of the tenant.");
const volume = text("volume", volumeNameSchema, "Name of the volume.");

export const snapshotMembers = {
  Snapshots: {
    description:
      "Snapshots of a WORM file volume, as Ceph has them now, with until when each is kept, and how a file is brought back.",
    in: [tenant, volume],
    out: document("snapshots", snapshotsSchema, "What is kept until when."),
    action: "read",
  },
  TakeSnapshot: {
    description:
      "Take a snapshot of a WORM file volume now, beside the schedule. It is kept as long as the others, and nobody can shorten that through the console.",
    in: [tenant, volume],
    out: document("snapshot", snapshotSchema, "The snapshot."),
    action: "storage",
    tenant: "tenant",
    object: "volume",
    changes: true,
  },
} as const satisfies Record<string, Method>;
