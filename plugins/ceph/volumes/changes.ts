/** When what is shown of volumes is asked for again. */
import { ceph } from "../../../agent/ceph/contract.ts";
import { listen } from "../../lib/client.ts";

/** Signals tell what changes; use is counted each minute, and told where it differs. */
export const everyMs = 30_000;

export const changes = (changed: () => void) =>
  listen(ceph, "Changed", (what) => what.startsWith("volumes ") && changed());
