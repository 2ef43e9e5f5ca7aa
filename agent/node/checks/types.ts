import type { Check } from "../contract.ts";
import type { System } from "../system.ts";

export interface Facts {
  /** Short names of the processes that run. */
  readonly processes: ReadonlySet<string>;
  /** systemd's word for what the machine runs on; `none` on bare metal. */
  readonly virtualization: string;
}

export interface Finding {
  readonly verdict: Check["verdict"];
  /** What was found, in words. */
  readonly fact: string;
  /** What to do; left out when good. */
  readonly remedy?: string;
}

export interface CheckDefinition {
  readonly id: string;
  readonly title: string;
  /** Why it matters; told with the remedy when the finding is not good. */
  readonly why: string;
  /** What a sceptic runs himself. */
  readonly command: string;
  /** @throws when it cannot be found out, which becomes `unknown` with the reason. */
  find(system: System, facts: Facts): Promise<Finding>;
}
