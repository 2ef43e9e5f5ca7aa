/** Members of the contract about devices of OSDs. Imports nothing from node:. */
import { document, type Method } from "../../bus/contract.ts";
import { deviceFilterSchema, devicesPageSchema } from "./answers.ts";

export const deviceMembers = {
  Devices: {
    description:
      "What OSDs store on: class, size, model, wear, and when each disk is expected to fail, as far as Ceph was told or foretold it.",
    in: [document("filter", deviceFilterSchema, "Which OSDs, and in which order.")],
    out: document("devices", devicesPageSchema, "A page of OSDs with their disks."),
    action: "read",
  },
} as const satisfies Record<string, Method>;
