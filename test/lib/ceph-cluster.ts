/** A real Ceph cluster of a test's own, on the loopback interface. */
import { mkdtempSync } from "node:fs";
import { type Cluster, describeCluster, missingForCluster } from "../../packaging/ceph/cluster.js";

/** Why there can be none here; empty when there can. */
export const noCeph = missingForCluster();
export const noGateways = missingForCluster({ gateways: true });

export type { Cluster };

/**
 * Makes a cluster that is whole. Whoever asked ends it with `remove()`.
 * @param directory where it is made; a new one unless told; it is emptied
 */
export async function withCeph({
  directory = mkdtempSync("/var/tmp/dsecos-ceph-"),
  ...size
}: {
  mons?: number;
  osds?: number;
  /** Of S3, which answer at its `endpoints`. */
  gateways?: number;
  directory?: string;
} = {}): Promise<Cluster> {
  const cluster = describeCluster({ directory, ...size });
  try {
    await cluster.make();
  } catch (error) {
    await cluster.remove();
    throw error;
  }
  return cluster;
}
