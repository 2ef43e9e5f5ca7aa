/** Composition root: reads the configuration, builds each subsystem, serves the bus. */
// biome-ignore assist/source/organizeImports: the thread begins while the rest is loaded.
import { writerThread } from "./audit/early.ts";
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { parseArgs } from "node:util";
import { createAgent } from "./agent/service.ts";
import { approvals as approvalsContract } from "./approvals/contract.ts";
import { SystemPeople } from "./approvals/people.ts";
import { Approvals, approvalAction } from "./approvals/service.ts";
import { watchClock } from "./audit/clock.ts";
import { audit as auditContract } from "./audit/contract.ts";
import { forwardedAction } from "./audit/export/forward.ts";
import type { AuditEntry } from "./audit/entry.ts";
import { Exports } from "./audit/export/service.ts";
import { createForwarding } from "./audit/forwarding.ts";
import { interruptedActs, recordInterrupted } from "./audit/interrupted.ts";
import { AuditLog } from "./audit/log.ts";
import { keys } from "./audit/observe/keys.ts";
import { Observer } from "./audit/observe/observer.ts";
import { permissions } from "./audit/observe/permissions.ts";
import { policy } from "./audit/observe/policy.ts";
import { tenants as tenantStates } from "./audit/observe/tenants.ts";
import { createOutward } from "./audit/outward.ts";
import { ReaderClient } from "./audit/queries/client.ts";
import { readingActions } from "./audit/reads.ts";
import { gather, having, newest } from "./audit/recent.ts";
import { createSealer } from "./audit/seal/service.ts";
import { LogReader } from "./audit/segments/reader.ts";
import { createAudit } from "./audit/service.ts";
import { createSources, type FindPlace } from "./audit/sources/sources.ts";
import { type AuditParts, statusOf } from "./audit/status.ts";
import { keepIndex } from "./audit/upkeep.ts";
import { Verifier, verifiedAction } from "./audit/verification.ts";
import { BusConnection, systemBusPath } from "./bus/connection.ts";
import { busName, type Interface } from "./bus/contract.ts";
import { Dispatcher, type Service } from "./bus/dispatch.ts";
import { DsecosError } from "./bus/errors.ts";
import { Identities } from "./bus/identity.ts";
import { Polkit } from "./bus/polkit.ts";
import { encode } from "./bus/validate.ts";
import { readLogKey } from "./audit/seal/key.ts";
import { ceph as cephContract } from "./ceph/contract.ts";
import { openCeph } from "./ceph/link/link.ts";
import { openTool } from "./ceph/link/tool.ts";
import { createCeph } from "./ceph/service.ts";
import { readMap } from "./ceph/volumes/map.ts";
import { cluster as clusterContract } from "./cluster/contract.ts";
import { createAway } from "./cluster/drill/away.ts";
import { Cut } from "./cluster/drill/cut.ts";
import { drillFiledAction } from "./cluster/drill/histogram.ts";
import { DrillUnits } from "./cluster/drill/units.ts";
import { createCluster } from "./cluster/service.ts";
import { mostEvents, witnessedAction } from "./cluster/witness/memory.ts";
import { type Config, readConfig } from "./config.ts";
import { contracts } from "./contracts.ts";
import { hsm as hsmContract } from "./hsm/contract.ts";
import { openDriver } from "./hsm/link/link.ts";
import { createHsm } from "./hsm/service.ts";
import { images as imagesContract } from "./images/contract.ts";
import { IncusClient } from "./incus/client.ts";
import { createCloud } from "./incus/cloud.ts";
import { instances as instancesContract } from "./instances/contract.ts";
import { job as jobContract } from "./jobs/contract.ts";
import { JobList } from "./jobs/service.ts";
import { explain, journal as log } from "./log.ts";
import { createExpiring } from "./node/expiring/service.ts";
import { endingSources } from "./node/expiring/sources.ts";
import { derivedWays } from "./node/firewall/derived.ts";
import { nftables } from "./node/firewall/nft.ts";
import { createNode } from "./node/service.ts";
import { selinux as selinuxContract } from "./selinux/contract.ts";
import { createLoads } from "./selinux/loads/service.ts";
import { slotsInUse } from "./selinux/loads/slots-in-use.ts";
import { createSelinux } from "./selinux/service.ts";
import { tenants as tenantsContract } from "./tenants/contract.ts";
import { version } from "./version.ts";

/** Larger messages to the agent are never held in memory. */
const maximumBody = 1024 * 1024;
/** How much of the audit log is read at the start, in events and bytes. */
const remembers = { events: 20_000, bytes: 4 * 1024 * 1024 };
/** Of which there is a histogram, in pages of the log: a drill of many nodes takes some kilobytes. */
const mostDrills = { count: 1000, pages: 10 };
/** What has to be known of it before anything is served: requests, jobs and the last verdict. */
const servedFrom = [`"action":"${approvalAction}"`, `"action":"${verifiedAction}"`, '"job":{'];
/** Where the sources, the observer and the forwarding go on. */
const goneOnFrom = [
  ...['"source":"auditd"', '"source":"journal"', '"action":"state.'],
  `"action":"${forwardedAction}"`,
];

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { config: { type: "string" } } });
  const config = readConfig(values.config);
  const path = systemBusPath();
  // The second connection is a client of polkit and the bus, so that a slow reply there cannot
  // eat the quota of the first.
  const [bus, client] = await Promise.all([
    BusConnection.open(path, maximumBody),
    BusConnection.open(path),
  ]);
  for (const connection of [bus, client]) {
    connection.onClose((reason) => {
      log("error", "the message bus is lost; systemd starts the agent again", { reason });
      process.exit(1);
    });
  }
  const [owned] = await client.callDriver("NameHasOwner", "s", [busName]);
  if (owned === true) throw new Error(`another agent owns ${busName} already`);
  await serve(config, bus, client);
}

async function serve(config: Config, bus: BusConnection, client: BusConnection): Promise<void> {
  const node = hostname();
  const audit = new AuditLog(config.auditDirectory, node, log, {
    retentionDays: config.retentionDays,
    thread: writerThread,
    failed: (error) =>
      fail("the audit log cannot be written; systemd starts the agent again", error),
  });
  const identities = new Identities(client);
  const polkit = new Polkit(client);
  await Promise.all([audit.open(), identities.start(), polkit.start()]);
  const { auditDirectory, tpm } = config;
  const sealer = createSealer({ log: audit, directory: auditDirectory, node, tpm, journal: log });

  const signal = (contract: Interface, member: string, value: unknown, below = "") => {
    const argument = contract.signals[member];
    if (argument === undefined) throw new Error(`${contract.name} has no signal ${member}`);
    const body = [encode(argument, value)];
    bus.emit(`${contract.path}${below}`, contract.name, member, argument.signature, body);
  };
  const jobs = new JobList({
    audit,
    log,
    changed: (record) => signal(jobContract, "Changed", record, `/${record.id}`),
  });
  const people = new SystemPeople();
  const approvals = new Approvals({
    audit,
    people,
    node,
    lifetimeSeconds: config.approvalSeconds,
    changed: (id) => {
      signal(approvalsContract, "Changed", id);
      cluster.stale();
    },
  });
  const record = new LogReader(config.auditDirectory);
  record.refresh();
  const recent = newest(record, remembers.events, remembers.bytes);
  record.close();
  const remembered = having(recent, servedFrom);
  jobs.restore(remembered);
  approvals.restore(remembered);

  const { directory } = audit;
  const size = () => audit.size;
  const reader = new ReaderClient({ directory, reads: readingActions(contracts), size, log });
  const verifier = new Verifier({ directory, size, jobs, audit, log });
  verifier.restore(remembered);
  const exports = new Exports({ directory, exportDirectory: config.exportDirectory, jobs, log });
  const forwarding = createForwarding({ config, audit, reader, log });
  let sealed: Promise<void> | undefined;
  const auditParts: AuditParts = { sealer, forwarding, clock: watchClock(audit, log) };
  audit.onAppended((count) => signal(auditContract, "Appended", count));
  keepIndex(audit, reader, log);

  const cloud = createCloud({
    socketPath: config.incusSocket,
    storagePool: config.storagePool,
    images: config.imageDirectory,
    runtimeDirectory: config.runtimeDirectory,
    jobs,
    audit,
    log: (event, facts) => log("info", event, facts),
    slots: () => selinux.slots(),
    mayGo: async (tenant) => {
      await hsm.requireNoKeys(tenant);
      await ceph.requireNoVolumes(tenant);
    },
  });
  cloud.tenants.onChanged((name) => signal(tenantsContract, "Changed", name));
  cloud.instances.onChanged((tenant) => signal(instancesContract, "Changed", tenant));
  cloud.images.onChanged((fingerprint) => signal(imagesContract, "Changed", fingerprint));
  /** @param pages of the log's answer at most, each of which is bounded in bytes and time */
  const history = async (action: string, limit: number, pages = 1) => {
    const rows: AuditEntry[] = [];
    let cursor = "";
    for (let page = 0; page < pages; page++) {
      const filter = { action, cursor, limit: limit - rows.length };
      const answer = await reader.ask("list", { filter, scope: {} });
      rows.push(...answer.rows);
      cursor = answer.next;
      if (cursor === "" || rows.length >= limit) break;
    }
    return rows;
  };
  const nodeService = createNode({
    log,
    version,
    incusSocket: config.incusSocket,
    incusRemedy: () => cloud.tenants.health().remedy,
    drivers: () => hsm.driverFacts(),
    ...{ tpm, bootLog: config.bootLog, directory: config.nodeDirectory },
    firewall: {
      ...{ audit, history, directory: config.firewallDirectory, declared: config.firewall },
      derived: derivedWays(config),
    },
    expiring: (call) => expiring(call),
  });
  const incus = new IncusClient(config.incusSocket);
  const loads = createLoads({
    ...{ jobs, audit, log, node },
    directory: config.selinuxDirectory,
    slotsInUse: () => slotsInUse(incus),
    history,
    changed: () => signal(selinuxContract, "Changed", "loaded"),
  });
  const selinux = createSelinux({
    ...{ jobs, audit, log, loads },
    changed: (state) => {
      signal(selinuxContract, "Changed", state);
      cluster.stale();
      // Another policy may have other slots.
      cloud.tenants.slotsChanged();
    },
    slotHolders: () => cloud.tenants.slotHolders(),
    holdersUnknown: () => {
      const { state, remedy } = cloud.tenants.health();
      return state === "running" ? "" : remedy;
    },
  });
  const hsm = createHsm({
    ...{ log, jobs, audit, people, node, client: incus, incus, open: openDriver },
    jurisdiction: async (name) => (await tenancy(name)).jurisdiction,
    record: (filter) => reader.ask("list", { filter, scope: {} }),
    directory: config.hsmDirectory,
    sockets: config.hsmSockets,
    ...{ pkiDirectory: config.pkiDirectory, retentionDays: config.retentionDays },
    region: config.region,
    history,
    tenantState: (name) => cloud.tenants.outcome(name),
    changed: (what) => {
      signal(hsmContract, "Changed", what);
      if (what === "drivers") cluster.stale();
    },
  });
  cloud.tenants.onChanged(() => hsm.tenantsChanged());
  const { cephConfig, cephUser, cephKeyring } = config;
  const cephPlaces = { config: cephConfig, user: cephUser, keyring: cephKeyring };
  const cephLink = openCeph({ ...cephPlaces, log });
  const cephTool = openTool({ ...cephPlaces, link: cephLink });
  const mapPlaces = { file: config.cephMap, keys: config.cephMapKeys };
  const ceph = createCeph({
    ...{ link: cephLink, user: cephUser, incus, jobs, audit, log },
    vault: hsm.volumeKeys,
    gateway: { endpoint: "", ...config.cephGateway, tool: cephTool },
    map: () => readMap(mapPlaces, cephLink.status().fsid),
    mapPlaces,
    tenant: async (name) => {
      if ((await cloud.tenants.outcome(name)) === "deleting") {
        throw new DsecosError("Conflict", `${name} is being deleted; restore it first.`);
      }
      return tenancy(name);
    },
    quota: cloud.tenants.storage,
    copies: () => auditParts.offload,
    history: (filter) => reader.ask("list", { filter, scope: {} }),
    changed: (what) => {
      signal(cephContract, "Changed", what);
      if (what === "cluster") cluster.stale();
    },
  });
  cloud.tenants.onChanged(() => ceph.tenantsChanged());
  const tenancy = async (name: string) => {
    const { jurisdiction } = await cloud.tenants.record(name);
    return { name, jurisdiction };
  };
  const auditStatus = () =>
    statusOf({ size: audit.size, node, directory, verified: verifier.last, parts: auditParts });
  const cluster = createCluster({
    ...{ client: incus, audit, log },
    sources: {
      node: () => nodeService.status(),
      audit: auditStatus,
      selinux: () => selinux.status(),
      drivers: () => hsm.driverFacts(),
      ceph: () => cephLink.status(),
      cephHealth: async () =>
        String(((await cephLink.mon("health")) as { status?: unknown }).status),
      incus: () => cloud.tenants.health(),
      tenants: () => cloud.states()?.size,
      behind: () => cloud.tenants.behind(),
      approvals: () => approvals.waiting,
    },
    own: {
      newest: () => sealer.status().checkpoint,
      key: async () => {
        await sealed;
        return readLogKey(directory);
      },
      proofs: reader,
    },
    remembered: () => history(witnessedAction, mostEvents),
    changed: (name) => signal(clusterContract, "Changed", name),
    joining: {
      jobs,
      firewall: { status: () => nodeService.firewall(), declared: config.firewall },
    },
    drills: {
      away: createAway(new DrillUnits(client), new Cut(nftables(), config.firewall?.members ?? [])),
      windows: config.maintenance,
      jobs,
      history: () => history(drillFiledAction, mostDrills.count, mostDrills.pages),
      storage: () =>
        cephLink.status().state === "ready" ? () => cephLink.mon("osd stat") : undefined,
      async keys() {
        const tokens = await hsm.core.book.every();
        const token = tokens.find(({ driver }) => driver.status().state === "ready");
        return token && (() => token.driver.random(token.label, 16));
      },
    },
  });
  cloud.tenants.onChanged(() => cluster.stale());
  const expiring = createExpiring({
    allows: (caller, action) => polkit.allows(caller, action, { node }),
    log,
    sources: endingSources({
      ...{ approvals, hsm, ceph, cloud, incus },
      firewall: () => nodeService.firewall(),
      policy: () => loads.origin(),
    }),
  });
  const services: Record<string, Service> = {
    "org.dsecos.Agent1": createAgent({ contracts, polkit, node, version, log }),
    "org.dsecos.Jobs1": { handlers: jobs.handlers },
    "org.dsecos.Job1": { handlers: jobs.objectHandlers },
    "org.dsecos.Approvals1": { handlers: approvals.handlers },
    "org.dsecos.Audit1": createAudit({
      ...{ log: audit, node, reader, verifier, exports, parts: auditParts },
      tracing: {
        ...{ client: incus, tenancy, copies: forwarding },
        kept: async (name) => ({
          ...(await ceph.kept(name)),
          tokens: (await hsm.core.book.known())
            .filter(({ tenant }) => tenant === name)
            .map(({ declared }) => declared),
        }),
      },
    }),
    "org.dsecos.Node1": nodeService,
    "org.dsecos.Cluster1": cluster,
    "org.dsecos.Selinux1": selinux,
    "org.dsecos.Hsm1": hsm,
    "org.dsecos.Ceph1": ceph,
    "org.dsecos.Tenants1": cloud.tenants,
    "org.dsecos.Instances1": cloud.instances,
    "org.dsecos.Images1": cloud.images,
  };
  const tree = {
    contracts,
    children: (parent: string) => (parent === jobContract.path ? jobs.ids() : []),
    machineId: await machineId(),
  };
  const parts = { bus, identities, polkit, approvals, audit, node, tree, log };
  const dispatcher = new Dispatcher(parts);
  for (const contract of contracts) {
    const service = services[contract.name];
    if (service === undefined) throw new Error(`nobody serves ${contract.name}`);
    dispatcher.serve(contract, service);
  }
  const doNotQueue = 4;
  const primaryOwner = 1;
  const [reply] = await bus.callDriver("RequestName", "su", [busName, doNotQueue]);
  if (reply !== primaryOwner) throw new Error(`the bus does not give us the name ${busName}`);
  const self = { actor: "agent", uid: process.getuid?.() ?? 0, pid: process.pid };
  await audit.append({ action: "agent.start", outcome: "note", ...self, details: { version } });
  log("info", "ready", { version, uptimeMs: Math.round(performance.now()) });
  const outward = createOutward({ config, sealer, proofs: reader, audit, log });
  await outward.start();
  auditParts.witnesses = outward.witnesses;
  if (outward.offload !== undefined) auditParts.offload = outward.offload;
  sealed = sealer.start();
  sealed.catch((error) => fail("the audit log cannot be sealed", error));
  cloud.start();
  selinux.start();
  hsm.start();
  ceph.start();
  cluster.start();
  nodeService.start();
  const sources = createSources({
    ...{ audit, log, ...config },
    heard: (event) => selinux.hear(event),
    isEcho: (event) => cluster.isEcho(event),
  });
  auditParts.sources = sources;
  const observer = new Observer({
    subjects: [
      tenantStates({ states: cloud.states, onChanged: (told) => cloud.tenants.onChanged(told) }),
      ...[permissions(), policy(), keys(config.auditDirectory)],
    ],
    audit,
    log,
  });
  const isWhole = (recent[0]?.index ?? 0) === 0;
  const find: FindPlace = async (source, member) =>
    isWhole ? undefined : await reader.newestWith(source, member);
  // Of what is read here nothing outlives the start: no function below refers to it.
  const goingOn = gather(recent, goneOnFrom)
    .then((entries) => {
      observer.start(entries);
      forwarding.start(entries);
      const started = sources.start(entries, find);
      started.catch((error) => fail("the sources of the audit log cannot be started", error));
    })
    .catch((error) => fail("the audit log cannot be gone on with", error));
  const exists = async (name: string) => (await cloud.tenants.outcome(name)) !== "gone";
  interruptedActs(recent)
    .then((acts) => recordInterrupted(acts, exists, audit, log))
    .catch((error) => fail("interrupted acts could not be looked up", error));

  const stop = async (reason: string) => {
    log("info", "stopping", { reason });
    await goingOn;
    await cluster.stop();
    nodeService.stop();
    selinux.stop();
    await hsm.stop();
    await ceph.stop();
    await cloud.stop();
    await sources.stop();
    await observer.stop();
    await forwarding.stop();
    incus.close();
    await outward.stop();
    await reader.close();
    await audit.append({ action: "agent.stop", outcome: "note", ...self, details: { reason } });
    await sealer.stop();
    await audit.close();
    client.end();
    bus.end();
    process.exit(0);
  };
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.once(name, () => {
      stop(name).catch((error) => fail("the agent could not stop cleanly", error));
    });
  }
}

async function machineId(): Promise<string> {
  try {
    return (await readFile("/etc/machine-id", "latin1")).trim();
  } catch (error) {
    log("warning", "this machine has no id; run systemd-machine-id-setup", {
      error: explain(error),
    });
    return "";
  }
}

function fail(message: string, error: unknown): never {
  log("error", message, { error: explain(error) });
  process.exit(1);
}

process.on("unhandledRejection", (error) => fail("a failure was not handled", error));
main().catch((error) => fail("the agent could not start", error));
