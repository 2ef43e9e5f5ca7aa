/** What it means that a daemon does not answer, and what to do. */
import type { CephStatus } from "../link/types.ts";
import type { Knocks, Silence } from "./answers.ts";
import type { Listener } from "./question.ts";

const titles: Record<Silence, (name: string) => string> = {
  silent: (name) => `${name} hangs`,
  refuses: (name) => `${name} does not run`,
  unreached: (name) => `${name} is not reached`,
};

const causes: Record<Silence, string> = {
  silent:
    "It takes this node's connections and says nothing: its process is stopped, or waits for a disk.",
  refuses: "Nothing listens at its address any more: its process ended.",
  unreached: "This node has no connection to it any more: its host is off, or the network is cut.",
};

const risks: Record<Listener["kind"], string> = {
  mon: "While more than half of the monitors answer, the cluster goes on; without, it stands still.",
  mgr: "Data is served; figures, scrubs and progress stand still, and volumes cannot be made.",
  mds: "Files that it serves cannot be opened or changed until a standby takes its place, or it is back.",
  osd: "What has its first copy on it waits, until the cluster gives it up: at once where it ended, by default after 20 seconds where it hangs.",
};

const remedies: Record<Silence, string> = {
  silent: "Restart it on its node; where it hangs again, look at its disk in the kernel's log.",
  refuses: "Start it on its node; where it ends again, its journal says why.",
  unreached: "Look at its host and at the network between; it comes back by itself.",
};

export function explainSilence({ name, kind }: Listener, how: Silence) {
  const unit = `ceph-${kind}@${name.slice(kind.length + 1)}`;
  const act = { silent: "restart", refuses: "start", unreached: "status" }[how];
  return {
    title: titles[how](name),
    cause: causes[how],
    risk: risks[kind],
    remedy: remedies[how],
    command: `systemctl ${act} ${unit}`,
  };
}

/**
 * Why monitors have no quorum, where some of them still greet. Those that are left of one notice only
 * after seconds, and answer as before meanwhile.
 */
export function withMonitors(status: CephStatus, { silent }: Knocks, monitors: number): CephStatus {
  const lost = silent.filter(({ kind }) => kind === "mon");
  const left = monitors - lost.length;
  const isMajority = left > monitors / 2;
  const isTold = status.state === "noQuorum" || (status.state === "ready" && !isMajority);
  if (lost.length === 0 || left === 0 || !isTold) return status;
  const names = lost.map(({ daemon }) => daemon).join(", ");
  const reason = isMajority
    ? `${names} of ${monitors} monitors is away; the other ${left} settle among themselves who leads, and answer again within seconds.`
    : `Only ${left} of ${monitors} monitors answer this node, and more than half have to: bring back ${names}, as said below.`;
  const since = status.state === "ready" ? (lost.at(-1)?.since ?? status.since) : status.since;
  return { ...status, state: "noQuorum", since, reason };
}
