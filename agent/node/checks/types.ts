import type { BootReport } from "../boot/answers.ts";
import type { Check, Source } from "../contract.ts";
import type { EtcHistory } from "../etc/answers.ts";
import type { System } from "../system.ts";

/** What the driver of an HSM says of its tokens. */
export interface DriverFact {
  readonly name: string;
  readonly ready: boolean;
  /** Why it is not ready; empty else. */
  readonly reason: string;
  readonly kind: "hardware" | "software" | "unknown";
  /** `claimed`: the operator entered a certificate. */
  readonly validated: "claimed" | "no";
}

export interface Facts {
  /** Short names of the processes that run. */
  readonly processes: ReadonlySet<string>;
  /** systemd's word for what the machine runs on; `none` on bare metal. */
  readonly virtualization: string;
  /** Drivers of HSMs. */
  readonly drivers: () => Promise<readonly DriverFact[]>;
  /** What was measured when the node started. */
  readonly boot: () => Promise<BootReport>;
  /** Who changed what in /etc. */
  readonly etc: () => Promise<EtcHistory>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface Finding {
  readonly verdict: Check["verdict"];
  /** What was found, in words. */
  readonly fact: string;
  /** What to do; left out when good. */
  readonly remedy?: string;
  /** What was asked besides files and programs, and what it said. */
  readonly sources?: readonly Source[];
}

export interface CheckDefinition {
  readonly id: string;
  readonly title: string;
  /** Why it matters. */
  readonly why: string;
  /** What a sceptic runs himself. */
  readonly command: string;
  /**
   * @returns undefined where there is nothing of the kind to check on this node
   * @throws when it cannot be found out, which becomes `unknown` with the reason
   */
  find(system: System, facts: Facts): Promise<Finding | undefined>;
}
