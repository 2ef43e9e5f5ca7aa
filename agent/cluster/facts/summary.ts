/** Puts together what this node tells the others of itself, short enough to be replicated. */
import type { Status as AuditStatus, PartState } from "../../audit/answers.ts";
import type { CephStatus } from "../../ceph/link/types.ts";
import type { Health as IncusHealth } from "../../incus/server.ts";
import type { DriverFact } from "../../node/checks/types.ts";
import type { NodeStatus } from "../../node/contract.ts";
import type { SelinuxStatus } from "../../selinux/answers.ts";
import { type Facts, factsFormat, longest, maximumFacts, most, plain } from "./schema.ts";

/** What each subsystem says of itself; asked anew for each summary. */
export interface Sources {
  node: () => Promise<NodeStatus>;
  audit: () => Promise<AuditStatus>;
  selinux: () => Promise<SelinuxStatus>;
  drivers: () => Promise<readonly DriverFact[]>;
  ceph: () => CephStatus;
  /** Ceph's own word for its health, for example HEALTH_OK. @throws DsecosError */
  cephHealth: () => Promise<string>;
  incus: () => IncusHealth;
  /** How many there are; undefined until that is known. */
  tenants: () => number | undefined;
  /** Those of which something is not true yet, with how much. */
  behind: () => readonly { name: string; things: number }[];
  /** Requests that wait for another person. */
  approvals: () => number;
}

type Health = Facts["health"][number];
type Verdict = Health["state"];

/** Which publication it is, and when the agent started and it was made, in milliseconds since 1970. */
export interface Stamp {
  sequence: number;
  startedAt: number;
  at: number;
}

export async function summarize(sources: Sources, stamp: Stamp): Promise<Facts> {
  const [node, audit, selinux, drivers, ceph] = await Promise.all([
    sources.node(),
    sources.audit(),
    sources.selinux(),
    sources.drivers(),
    cephHealth(sources),
  ]);
  const incus = sources.incus();
  const { versions, load, identity } = node;
  const version = (text: string) => plain(text, longest.version);
  const fullest = node.disks.reduce((worst, disk) => (share(disk) > share(worst) ? disk : worst), {
    sizeKib: 0,
    usedKib: 0,
  });
  const time = (ms: number) => new Date(ms).toISOString();
  const facts: Facts = {
    format: factsFormat,
    sequence: stamp.sequence,
    startedAt: time(stamp.startedAt),
    at: time(stamp.at),
    bootedAt: identity.bootedAt,
    versions: {
      agent: version(versions.agent ?? ""),
      incus: version(incus.version),
      ceph: version(sources.ceph().version),
      kernel: version(identity.kernel),
      os: version(identity.os),
    },
    load: {
      cores: load.cores,
      cpu: Math.round(load.cpu * 1000) / 1000,
      average: load.averages[0],
      memoryKib: load.memoryKib,
      memoryUsedKib: load.memoryUsedKib,
      diskKib: fullest.sizeKib,
      diskUsedKib: fullest.usedKib,
    },
    health: [
      nodeHealth(node),
      auditHealth(audit),
      selinuxHealth(selinux),
      hsmHealth(drivers),
      ...ceph,
      incusHealth(incus),
    ].map((one) => ({ ...one, text: plain(one.text, longest.text) })),
    policy: {
      sha256: selinux.proof.policy?.sha256 ?? "",
      proof: selinux.proof.state,
      provedAt: selinux.proof.at,
      current: selinux.current,
    },
    flags: node.assurance
      .filter(({ verdict }) => verdict !== "good")
      .slice(0, most.flags)
      .map(({ id, verdict, title }) => ({ id, verdict, title: plain(title, longest.title) })),
    keys: {
      drivers: drivers.length,
      ready: drivers.filter(({ ready }) => ready).length,
      software: drivers.filter(({ kind }) => kind === "software").length,
    },
    behind: mostBehind(sources.behind()),
    counts: {
      tenants: sources.tenants() ?? 0,
      events: audit.size,
      alarms: audit.alarms.length,
      approvals: sources.approvals(),
    },
  };
  return fitting(facts);
}

function mostBehind(all: readonly { name: string; things: number }[]) {
  const sorted = [...all].sort(
    (one, other) => other.things - one.things || (one.name < other.name ? -1 : 1),
  );
  const tenants = sorted.slice(0, most.behind).map(({ name, things }) => ({ name, things }));
  return { tenants, total: all.length };
}

/** All of it but what is another one every time: by this a change is told. */
export function lasting(facts: Facts): string {
  const { format, versions, policy, flags, keys, bootedAt, behind } = facts;
  const health = facts.health.map(({ subsystem, state }) => [subsystem, state]);
  const { tenants, alarms, approvals } = facts.counts;
  return JSON.stringify({
    format,
    versions,
    health,
    policy,
    flags,
    keys,
    bootedAt,
    behind,
    tenants,
    alarms,
    approvals,
  });
}

/** Texts go first: the states they explain are what must not be missing. */
function fitting(facts: Facts): Facts {
  let fitted = facts;
  for (const length of [longest.title, 60, 30, 0]) {
    if (Buffer.byteLength(JSON.stringify(fitted)) <= maximumFacts) break;
    fitted = {
      ...facts,
      health: facts.health.map((one) => ({ ...one, text: plain(one.text, length) })),
      flags: facts.flags.map((one) => ({ ...one, title: plain(one.title, length) })),
    };
  }
  return fitted;
}

const share = (disk: { sizeKib: number; usedKib: number }) =>
  disk.sizeKib === 0 ? 0 : disk.usedKib / disk.sizeKib;

const order: readonly Verdict[] = ["good", "unknown", "warning", "bad"];

export function worst(verdicts: readonly Verdict[]): Verdict {
  return order.findLast((verdict) => verdicts.includes(verdict)) ?? "good";
}

function nodeHealth({ assurance, engines }: NodeStatus): Health {
  const flagged = assurance.filter(({ verdict }) => verdict !== "good");
  const stopped = engines.filter(({ state }) => state === "stopped").map(({ name }) => name);
  const state = worst([
    ...flagged.map(({ verdict }) => verdict),
    ...(stopped.length > 0 ? ["warning" as const] : []),
  ]);
  const checks = `${assurance.length - flagged.length} of ${assurance.length} checks are good.`;
  const down = stopped.length === 0 ? "" : ` Not running: ${stopped.join(", ")}.`;
  return { subsystem: "node", state, text: checks + down };
}

const ofPart: Record<PartState, Verdict> = {
  ok: "good",
  warning: "warning",
  alarm: "bad",
  unknown: "unknown",
};

function auditHealth({ chain, tree, tpm, witnesses, offload, alarms }: AuditStatus): Health {
  const [alarm] = alarms;
  if (alarm !== undefined) return { subsystem: "audit", state: "bad", text: alarm.text };
  const parts = [chain, tree, tpm, witnesses, offload];
  const state = worst(parts.map((part) => ofPart[part.state]));
  const text = parts.find((part) => ofPart[part.state] === state)?.text ?? "";
  return { subsystem: "audit", state, text };
}

function selinuxHealth({ mode, proof, current }: SelinuxStatus): Health {
  const subsystem = "selinux";
  if (proof.state === "refuted") {
    return { subsystem, state: "bad", text: "Its policy lets one tenant reach another." };
  }
  const flagged = mode.find(({ verdict }) => verdict !== "good");
  const state = worst(mode.map(({ verdict }) => verdict));
  if (flagged !== undefined) return { subsystem, state, text: flagged.fact };
  if (proof.state !== "proved" || current !== true) {
    return { subsystem, state: "unknown", text: "The policy that is loaded was not proved." };
  }
  return { subsystem, state: "good", text: "The policy that is loaded keeps tenants apart." };
}

function hsmHealth(drivers: readonly DriverFact[]): Health {
  const subsystem = "hsm";
  const down = drivers.find(({ ready }) => !ready);
  if (down !== undefined) return { subsystem, state: "bad", text: `${down.name}: ${down.reason}` };
  if (drivers.length === 0) {
    return { subsystem, state: "unknown", text: "No driver of an HSM is set up." };
  }
  if (drivers.some(({ kind }) => kind !== "hardware")) {
    return { subsystem, state: "warning", text: "Keys are in software." };
  }
  return { subsystem, state: "good", text: "All drivers are ready." };
}

/** A node without Ceph has nothing to tell of it. */
async function cephHealth({ ceph, cephHealth: ask }: Sources): Promise<Health[]> {
  const subsystem = "ceph";
  const { state, reason } = ceph();
  if (state === "notInstalled" || state === "notConfigured") return [];
  if (state === "starting") return [{ subsystem, state: "unknown", text: reason }];
  if (state !== "ready") return [{ subsystem, state: "bad", text: reason }];
  const said = await ask().catch((error: Error) => error.message);
  if (said === "HEALTH_OK") return [{ subsystem, state: "good", text: "The cluster is healthy." }];
  if (said === "HEALTH_WARN") {
    return [{ subsystem, state: "warning", text: "The cluster warns; see dsecos ceph health." }];
  }
  if (said === "HEALTH_ERR") {
    return [{ subsystem, state: "bad", text: "The cluster is in error; see dsecos ceph health." }];
  }
  return [{ subsystem, state: "unknown", text: said }];
}

function incusHealth({ state, remedy }: IncusHealth): Health {
  const subsystem = "incus";
  if (state !== "running")
    return { subsystem, state: state === "unknown" ? state : "bad", text: remedy };
  if (remedy !== "") return { subsystem, state: "warning", text: remedy };
  return { subsystem, state: "good", text: "Incus runs." };
}
