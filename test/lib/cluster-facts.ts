/** What a node tells of itself, for tests that have no whole node. */
import type { KeyObject } from "node:crypto";
import type { Facts } from "../../agent/cluster/facts/schema.ts";
import type { Sources } from "../../agent/cluster/facts/summary.ts";
import type { ClusterParts } from "../../agent/cluster/service.ts";
import { OwnLog } from "../../agent/cluster/witness/own.ts";
import type { FirewallStatus } from "../../agent/node/firewall/answers.ts";
import type { TreeLog } from "./tree-log.ts";

export const someFacts: Facts = {
  format: 1,
  sequence: 1,
  startedAt: "2026-11-01T12:00:00.000Z",
  at: "2026-11-01T12:00:00.000Z",
  bootedAt: "2026-10-01T12:00:00.000Z",
  versions: {
    agent: "0.1.0",
    incus: "6.0.4",
    ceph: "18.2.7",
    kernel: "6.12.43+deb13-amd64",
    os: "Debian GNU/Linux 13 (trixie)",
  },
  load: {
    ...{ cores: 64, cpu: 0.31, average: 12.5, memoryKib: 263_000_000, memoryUsedKib: 91_000_000 },
    ...{ diskKib: 900_000_000, diskUsedKib: 100_000_000 },
  },
  health: ["node", "audit", "selinux", "hsm", "ceph", "incus"].map((subsystem) => ({
    subsystem,
    state: "good",
    text: "All is well.",
  })),
  policy: {
    sha256: "ab".repeat(32),
    proof: "proved",
    provedAt: "2026-11-01T11:00:00.000Z",
    current: true,
  },
  flags: [{ id: "fips", verdict: "warning", title: "FIPS mode" }],
  keys: { drivers: 1, ready: 1, software: 0 },
  counts: { tenants: 40, events: 120_000, alarms: 0, approvals: 0 },
};

const part = { state: "ok", at: "", text: "It is well." } as const;
const at = "2026-11-01T12:00:00.000Z";

/** Fake subsystems that are all well. @param size of the audit log */
export function fakeSources(name: string, size: () => number): Sources {
  return {
    node: async () => ({
      identity: {
        ...{ name, machineId: "", os: "Debian 13", kernel: "6.12", architecture: "x64" },
        ...{ virtualization: "none", bootedAt: at },
      },
      versions: { agent: "0.1.0" },
      load: {
        ...{ cores: 4, cpu: 0.25, averages: [1, 1, 1], memoryKib: 8_000_000 },
        ...{ memoryUsedKib: 4_000_000, swapKib: 0, swapUsedKib: 0 },
      },
      disks: [{ mount: "/", device: "vda", type: "ext4", sizeKib: 1000, usedKib: 500 }],
      ...{ network: [], engines: [], assurance: [], at },
    }),
    audit: async () => ({
      ...{ size: size(), first: 1, node: name, origin: "", sources: [], alarms: [] },
      ...{ chain: part, tree: part, tpm: part, witnesses: part, offload: part },
      verified: {
        ...{ state: "intact", at, job: "", actor: "", size: size(), seconds: 1 },
        ...{ errors: 0, warnings: 0, findings: [] },
      },
    }),
    selinux: async () => ({
      ...{ at, mode: [], current: true },
      proof: {
        ...{ state: "proved", at, actor: "agent", seconds: 1, error: "", policy: null },
        ...{ counts: null, trustedBase: [], shared: [], permissive: [], violations: [], total: 0 },
      },
    }),
    drivers: async () => [
      { name: "hsm", ready: true, reason: "", kind: "hardware", validated: "claimed" },
    ],
    ceph: () => ({ state: "notConfigured", since: at, reason: "", version: "", fsid: "" }),
    cephHealth: async () => "HEALTH_OK",
    incus: () => ({ state: "running", version: "6.0.4", remedy: "" }),
    tenants: () => 3,
    behind: () => [],
    approvals: () => 0,
  };
}

/** The publishing side of a log in memory. */
export function ownLogOf(log: () => TreeLog, said: string[] = []): OwnLog {
  return new OwnLog({
    ...ownPartsOf(log),
    log: (level, message) => said.push(`${level}: ${message}`),
  });
}

export function ownPartsOf(log: () => TreeLog) {
  return {
    newest: () => log().checkpoint(),
    key: async (): Promise<{ key: TreeLog["key"]; privateKey: KeyObject }> => ({
      key: log().key,
      privateKey: log().privateKey,
    }),
    proofs: { consistency: async (from: number, to: number) => log().proof(from, to) },
  };
}

/** A node whose agent loads no packet filter. */
export const noFilter: FirewallStatus = {
  ...{ state: "undeclared", fact: "agent.json declares no firewall.", remedy: "Declare one." },
  ...{ declared: null, confirmed: null, trial: null, drift: [], counters: [], others: [], at },
};

/** For tests in which nobody joins by the agent. */
export const noJoining: ClusterParts["joining"] = {
  jobs: {
    start: () => {
      throw new Error("nobody joins here");
    },
    get: () => undefined,
  },
  firewall: { status: async () => noFilter, declared: undefined },
};
