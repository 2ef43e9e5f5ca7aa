/** Members of the contract about drivers. Imports nothing from node:. */
import { document, type Method } from "../../bus/contract.ts";
import { driversSchema } from "./answers.ts";

export const driverMembers = {
  GetDrivers: {
    description:
      "The PKCS#11 modules that driver files name: whether each works, what it says of itself, how far it can be trusted, and where its PIN comes from.",
    in: [],
    out: document("drivers", driversSchema, "All drivers, also those whose file is wrong."),
    action: "read",
  },
} as const satisfies Record<string, Method>;
