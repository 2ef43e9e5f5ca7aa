/**
 * Nodes over real Incus daemons, for drills. What takes a daemon away is a fake of the unit that does it on
 * a node, since there is no systemd here: it kills the daemon as the unit does, and starts it again.
 */
import type { Call } from "../../agent/bus/call.ts";
import type { ClusterStatus } from "../../agent/cluster/answers.ts";
import type {
  DrillFilter,
  DrillKind,
  DrillSpec,
  Drills,
} from "../../agent/cluster/drill/answers.ts";
import type { Away } from "../../agent/cluster/drill/away.ts";
import { drillFiledAction } from "../../agent/cluster/drill/histogram.ts";
import type { Maintenance } from "../../agent/cluster/drill/windows.ts";
import type { Pace } from "../../agent/cluster/pace.ts";
import {
  type ClusterParts,
  type ClusterService,
  createCluster,
} from "../../agent/cluster/service.ts";
import { IncusClient } from "../../agent/incus/client.ts";
import type { JobRecord } from "../../agent/jobs/contract.ts";
import { JobList } from "../../agent/jobs/service.ts";
import { fakeSources, noJoining, ownPartsOf } from "./cluster-facts.ts";
import type { IncusNode } from "./incus-cluster.ts";
import { RecordingAudit } from "./recording-audit.ts";
import { TreeLog } from "./tree-log.ts";

/** The usual pace, twenty times as fast but for what decides on silence. */
const pace: Pace = {
  ...{ publishMs: 1250, changeMs: 150, readMs: 500, freshMs: 100 },
  silentMs: 30_000,
};

export const always: Maintenance = [
  {
    days: ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"],
    ...{ from: "00:00", until: "24:00" },
  },
];

/** For nodes of which none goes away. */
export function noDrills(audit: RecordingAudit): ClusterParts["drills"] {
  const refused = async () => {
    throw new Error("no drill was to be held");
  };
  return {
    away: { take: refused, back: refused, isAway: async () => false },
    windows: [],
    jobs: new JobList({ audit, log: () => undefined }),
    history: async () => [],
    storage: () => undefined,
    keys: async () => undefined,
  };
}

export class FakeAway implements Away {
  readonly #incus: IncusNode;
  readonly calls: string[] = [];
  #isAway = false;

  constructor(incus: IncusNode) {
    this.#incus = incus;
  }

  async take(kind: DrillKind): Promise<void> {
    this.calls.push(`take ${kind}`);
    this.#isAway = true;
    await this.#incus.kill();
  }

  async back(): Promise<void> {
    if (!this.#isAway) return;
    this.calls.push("back");
    await this.#incus.start();
    this.#isAway = false;
  }

  async isAway(): Promise<boolean> {
    return this.#isAway;
  }
}

export class DrillNode {
  readonly name: string;
  readonly incus: IncusNode;
  readonly client: IncusClient;
  readonly audit = new RecordingAudit();
  readonly said: string[] = [];
  readonly away: FakeAway;
  readonly jobs: JobList;
  readonly #log: TreeLog;
  service: ClusterService;

  constructor(incus: IncusNode) {
    this.name = incus.name;
    this.incus = incus;
    this.client = new IncusClient(incus.socket);
    this.away = new FakeAway(incus);
    this.#log = new TreeLog(`dsecos.org/audit/${this.name}/00000001`).append(10);
    this.jobs = new JobList({ audit: this.audit, log: () => undefined });
    this.service = this.start();
  }

  /** As an agent does that finds all as it was left. */
  start(windows: Maintenance = always): ClusterService {
    this.service = createCluster({
      client: this.client,
      sources: fakeSources(this.name, () => 10),
      own: ownPartsOf(() => this.#log),
      remembered: async () => [],
      audit: this.audit,
      log: (level, message, facts) =>
        this.said.push(`${level}: ${message} ${JSON.stringify(facts ?? {})}`),
      changed: () => undefined,
      joining: noJoining,
      drills: {
        ...{ away: this.away, windows, jobs: this.jobs },
        history: async () =>
          this.audit.entries.filter(({ action }) => action === drillFiledAction).reverse(),
        storage: () => undefined,
        keys: async () => undefined,
      },
      pace,
    });
    this.service.start();
    return this.service;
  }

  status(): Promise<ClusterStatus> {
    return this.service.handlers.Status(undefined as never);
  }

  drills(filter: Partial<DrillFilter> = {}): Promise<Drills> {
    const all = { text: "", cursor: "", limit: 1000 };
    return this.service.handlers.Drills(undefined as never, { ...all, ...filter });
  }

  /** Whether it leads the database; false where its Incus is not there. */
  async leads(): Promise<boolean> {
    const { roles } = await this.incus.api.request("GET", `/1.0/cluster/members/${this.name}`);
    return roles.includes("database-leader");
  }

  /** @returns the id of the job */
  begin(spec: DrillSpec, node = this.name): Promise<string> {
    const caller = { user: "otto", uid: 1001 };
    const call = { caller, member: "cluster.Drill" } as unknown as Call;
    return this.service.handlers.Drill(call, node, spec);
  }

  job(id: string): JobRecord | undefined {
    return this.jobs.get(id);
  }

  async stop(): Promise<void> {
    await this.service.stop();
    this.client.close();
  }
}
