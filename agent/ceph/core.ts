/** What all areas of the Ceph subsystem stand on. */
import type { Log } from "../log.ts";
import { ApartFacts } from "./facts/apart.ts";
import { FactKeeper } from "./facts/keeper.ts";
import type { Ceph } from "./link/types.ts";

export interface CoreParts {
  link: Ceph;
  /** Name of the agent's own key, such as client.dsecos. */
  user: string;
  log: Log;
  /** Told what changed: cluster, or volumes and the tenant's name. */
  changed: (what: string) => void;
}

export type Core = ReturnType<typeof createCore>;

export function createCore({ link, user, log, changed }: CoreParts) {
  const facts = new FactKeeper({ link, log });
  const apart = new ApartFacts({ link, log });
  link.onChanged(() => {
    facts.changed();
    changed("cluster");
  });
  return { link, user, facts, apart, log };
}
