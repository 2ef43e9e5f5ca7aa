/** The node as it stands: what it is, how it does, and what can be relied on. */
import { join } from "node:path";
import type { Call } from "../bus/call.ts";
import type { Handlers } from "../bus/contract.ts";
import { DsecosError } from "../bus/errors.ts";
import { explain, type Log } from "../log.ts";
import { TpmPort } from "../tpm/port.ts";
import { Boot } from "./boot/service.ts";
import { Cache } from "./cache.ts";
import { runChecks } from "./checks/index.ts";
import type { DriverFact } from "./checks/types.ts";
import type { Check, Engine, NodeStatus, node } from "./contract.ts";
import { readDisks } from "./disks.ts";
import { probeEngines } from "./engines.ts";
import type { EtcHistory } from "./etc/answers.ts";
import { readEtc } from "./etc/history.ts";
import type { Expiring } from "./expiring/answers.ts";
import type { FirewallStatus } from "./firewall/answers.ts";
import { createFirewall, type Firewall, type FirewallParts } from "./firewall/service.ts";
import { readIdentity } from "./identity.ts";
import { LoadMeter } from "./load.ts";
import { readNetwork } from "./network.ts";
import { processNames } from "./processes.ts";
import { System } from "./system.ts";
import { Versions } from "./versions.ts";

export interface NodeOptions {
  log: Log;
  /** Version of the agent itself. */
  version: string;
  incusSocket?: string;
  /** What to do about an Incus that runs, in a sentence; empty when all is well. */
  incusRemedy?: () => string;
  system?: System;
  /** A TPM's device, or the socket of a software one. */
  tpm?: string;
  /** The kernel's file with what firmware measured. */
  bootLog?: string;
  /** Where the agent keeps what was accepted for this node. */
  directory?: string;
  /** What drivers of HSMs say; none where there is no such subsystem. */
  drivers?: () => Promise<readonly DriverFact[]>;
  firewall: Omit<FirewallParts, "log">;
  /** Everything with an end, as the caller may see it. */
  expiring: (call: Call) => Promise<Expiring>;
}

export interface NodeService {
  handlers: Handlers<typeof node, Call>;
  /** The node as it stands, for whom it concerns in the agent itself. */
  status(): Promise<NodeStatus>;
  firewall(): Promise<FirewallStatus>;
  fingerprints: Firewall["fingerprints"];
  start(): void;
  stop(): void;
}

/** Probes ask the machine itself; pages that refresh together share one answer. */
const probeLifetimeMs = 10_000;
/** git looks at every file below /etc. */
const etcLifetimeMs = 30_000;

export function createNode(options: NodeOptions): NodeService {
  const { log, version } = options;
  const incusSocket = options.incusSocket ?? "/var/lib/incus/unix.socket";
  const system = options.system ?? new System();
  const versions = new Versions(system);
  const load = new LoadMeter(system);
  const identity = new Cache(Number.POSITIVE_INFINITY, () => readIdentity(system));
  const processes = new Cache(probeLifetimeMs, () => processNames(system));

  const installed = async () => {
    try {
      return await versions.installed();
    } catch (error) {
      log("warning", "the versions of packages are not known", { error: explain(error) });
      return new Map<string, string>();
    }
  };
  const engines = new Cache<Engine[]>(probeLifetimeMs, async () => {
    const asked = { processes: await processes.get(), incusSocket };
    const found = await probeEngines(system, await installed(), asked);
    const remedy = options.incusRemedy?.() ?? "";
    return found.map((engine) =>
      engine.name === "Incus" && engine.state === "running" ? { ...engine, remedy } : engine,
    );
  });
  const boot = new Boot({
    system,
    port: new TpmPort(options.tpm ?? "/dev/tpmrm0"),
    log: options.bootLog ?? "/sys/kernel/security/tpm0/binary_bios_measurements",
    accepted: join(options.directory ?? "/var/lib/dsecos/node", "boot.json"),
    changed: () => checks.forget(),
  });
  const etc = new Cache<EtcHistory>(etcLifetimeMs, () => readEtc(system));
  const checks = new Cache<Check[]>(probeLifetimeMs, async () => {
    const { virtualization } = await identity.get();
    return await runChecks(system, {
      ...{ processes: await processes.get(), virtualization },
      drivers: options.drivers ?? (async () => []),
      boot: () => boot.report(),
      etc: () => etc.get(),
      now: Date.now,
    });
  });

  const show = async (): Promise<NodeStatus> => {
    const [who, found, howBusy, disks, network, parts, assurance] = await Promise.all([
      identity.get(),
      installed(),
      load.read(),
      readDisks(system),
      readNetwork(system),
      engines.get(),
      checks.get(),
    ]);
    return {
      identity: who,
      versions: { agent: version, node: process.versions.node, ...Object.fromEntries(found) },
      load: howBusy,
      disks,
      network,
      engines: parts,
      assurance,
      at: new Date().toISOString(),
    };
  };
  const check = () => checks.get();
  const started = () => boot.report();
  const accept = (call: Call, hash: string, reason: string) => boot.accept(call, hash, reason);
  const changes = () => etc.get().catch(unknownEtc);
  const posture = { Boot: started, AcceptBoot: accept, EtcHistory: changes };
  const { expiring: Expiring } = options;
  const firewall = createFirewall({ ...options.firewall, log }, system);
  return {
    ...firewall,
    status: show,
    firewall: firewall.status,
    handlers: { Show: show, Check: check, Expiring, ...posture, ...firewall.handlers },
  };
}

function unknownEtc(error: unknown): never {
  const why = error instanceof Error ? error.message : String(error);
  throw new DsecosError("Unavailable", `Who changed /etc is not known: ${why}.`);
}
