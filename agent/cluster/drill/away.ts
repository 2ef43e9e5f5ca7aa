/** Takes this node, or what runs on it, away, so that it comes back whatever happens meanwhile. */
import { DsecosError } from "../../bus/errors.ts";
import type { DrillKind } from "./answers.ts";
import type { Cut } from "./cut.ts";
import type { DrillUnits } from "./units.ts";

export interface Away {
  /** @param members HOST:PORT of each one's Incus. @throws DsecosError; what was begun is to be ended */
  take(kind: DrillKind, seconds: number, members: readonly string[]): Promise<void>;
  /** Brings back whatever is away; nothing is done where nothing is. @throws DsecosError */
  back(): Promise<void>;
  /** Whether something is away. */
  isAway(): Promise<boolean>;
}

export function createAway(units: DrillUnits, cut: Cut): Away {
  return {
    take: (kind, seconds, members) =>
      kind === "offline" ? cut.begin(members, seconds) : units.start(kind),
    async back() {
      // Each is tried, also where the other fails.
      const both = await Promise.allSettled([units.stop(), cut.end()]);
      const failed = both.find((one) => one.status === "rejected");
      if (failed !== undefined) throw failed.reason;
    },
    async isAway() {
      const [unit, isCut] = await Promise.all([quietly(units.isActive()), quietly(cut.isThere())]);
      return unit || isCut;
    },
  };
}

/** Without systemd or nftables nothing can have been begun. */
async function quietly(asked: Promise<boolean>): Promise<boolean> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof DsecosError) return false;
    throw error;
  }
}
