/** Where daemons listen that the cluster's maps call up, and whom others complain of. */
import type { ClusterFacts } from "../facts/facts.ts";
import type { daemonKinds } from "./answers.ts";

export interface Listener {
  name: string;
  kind: (typeof daemonKinds)[number];
  host: string;
  /** Such as 192.0.2.7:6800. */
  address: string;
  /** A health code names it. */
  suspect: boolean;
}

interface Addresses {
  addrvec: readonly { type: string; addr: string }[];
}

/** Undefined for one that listens nowhere. */
function addressIn({ addrvec }: Addresses): string | undefined {
  const found = addrvec.find(({ type }) => type === "v2") ?? addrvec[0];
  return found === undefined || found.addr.endsWith(":0") ? undefined : found.addr;
}

/** Names such as osd.3 in the details of health codes. */
function suspectsIn(facts: ClusterFacts): Set<string> {
  const checks = Object.values(facts.get("health")?.checks ?? {});
  return new Set(
    checks.flatMap(({ detail }) =>
      detail.flatMap(({ message }) => message.match(/\bosd\.\d+\b/g) ?? []),
    ),
  );
}

function answer(facts: ClusterFacts): Listener[] {
  const suspects = suspectsIn(facts);
  const listeners: Listener[] = [];
  const add = (kind: Listener["kind"], id: string, addresses: Addresses, host = ""): void => {
    const [name, address] = [`${kind}.${id}`, addressIn(addresses)];
    if (address === undefined) return;
    listeners.push({ name, kind, host, address, suspect: suspects.has(name) });
  };
  for (const { name, public_addrs } of facts.need("monmap").mons) add("mon", name, public_addrs);
  const { active_name, active_addrs } = facts.need("mgrmap");
  if (active_name !== "") add("mgr", active_name, active_addrs);
  const { standbys, filesystems } = facts.need("fsmap");
  const active = filesystems.flatMap(({ mdsmap }) => Object.values(mdsmap.info));
  for (const { name, addrs } of [...active, ...standbys]) add("mds", name, addrs);
  // Not waited for: who is silent matters more than where it stands.
  const hosts = new Map((facts.get("osdMetadata") ?? []).map((one) => [one.id, one.hostname]));
  for (const { osd, up, public_addrs } of facts.need("osdmap").osds) {
    if (up === 1) add("osd", String(osd), public_addrs, hosts.get(osd));
  }
  return listeners;
}

export const listenersQuestion = {
  needs: ["osdmap", "monmap", "mgrmap", "fsmap"],
  likes: ["health"],
  answer,
} as const;
