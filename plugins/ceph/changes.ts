/** When parts of the page ask again. */
import { ceph } from "../../agent/ceph/contract.ts";
import { listen } from "../lib/client.ts";

/** Signals tell what the monitors notice; figures change without one. */
export const everyMs = 10_000;

export const changes = (changed: () => void) =>
  listen(ceph, "Changed", (what) => what === "cluster" && changed());
