/** What the agent knows of its link to Ceph, and what it can ask over it. */

/**
 * `notInstalled`: Python's binding is missing. `notConfigured`: there is no ceph.conf. `noKeyring`:
 * there is no key. `refused`: the cluster knows the key not, or it may not read. `noQuorum`: no
 * monitor answers. `old`: daemons run a release whose answers the agent cannot read. `failed`: the
 * helper itself does not run.
 */
export const cephStates = [
  "notInstalled",
  "notConfigured",
  "noKeyring",
  "refused",
  "starting",
  "noQuorum",
  "old",
  "ready",
  "failed",
] as const;
export type CephState = (typeof cephStates)[number];

export interface CephStatus {
  state: CephState;
  since: string;
  /** What is wrong and what to do; empty when nothing is. With `ready`, that an upgrade is not over. */
  reason: string;
  /** Of the monitors, for example 16.2.15; empty until they said so. */
  version: string;
  /** Of the cluster; empty until it is known. */
  fsid: string;
}

/**
 * Who is asked: the monitors, the active manager, one OSD by its number, one monitor by its name, or
 * for `mirrors` whether images of `pools` are mirrored, or for `images` to act on images of one pool;
 * these two need python3-rbd.
 */
export type Target = "mon" | "mgr" | number | `mon.${string}` | "mirrors" | "images";

export interface Ceph {
  status(): CephStatus;
  /**
   * JSON answer of a monitor's command.
   * @throws DsecosError Unavailable, Timeout, Denied, NotFound, Conflict, InvalidArgument
   */
  mon(prefix: string, args?: Record<string, unknown>): Promise<unknown>;
  mgr(prefix: string, args?: Record<string, unknown>): Promise<unknown>;
  osd(id: number, prefix: string, args?: Record<string, unknown>): Promise<unknown>;
  /** The answer as it came: JSON that is too large for the agent's own thread to take apart. */
  text(to: Target, prefix: string, args?: Record<string, unknown>): Promise<Uint8Array>;
  /** Told when the state changed, or what the monitors say of the cluster's health. */
  onChanged(listener: () => void): void;
  close(): Promise<void>;
}
