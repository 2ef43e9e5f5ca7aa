/** Daemons that others connect to, out of the maps that name them. */
import type { ClusterFacts } from "../facts/facts.ts";
import type { FactOf } from "../facts/schemas.ts";
import type { Gateway, Settings, Speaker } from "./input.ts";

export function speakersOf(facts: ClusterFacts, settings: Settings): Speaker[] {
  const speakers: Speaker[] = [];
  const add = (
    kind: Speaker["kind"],
    id: string,
    host: string | undefined,
    addresses: Speaker["addresses"],
  ): void => {
    const name = `${kind}.${id}`;
    speakers.push({ name, kind, host: host ?? "", addresses, settings: settings.get(name) });
  };
  const monHosts = hostsOf(facts.get("monMetadata"));
  for (const { name, public_addrs } of facts.need("monmap").mons) {
    add("mon", name, monHosts.get(name), [public_addrs]);
  }
  const { active_name, active_addrs } = facts.need("mgrmap");
  if (active_name !== "") {
    add("mgr", active_name, hostsOf(facts.get("mgrMetadata")).get(active_name), [active_addrs]);
  }
  const mdsHosts = hostsOf(facts.get("mdsMetadata"));
  const { standbys, filesystems } = facts.need("fsmap");
  const active = filesystems.flatMap(({ mdsmap }) => Object.values(mdsmap.info));
  for (const { name, addrs } of [...active, ...standbys]) {
    add("mds", name, mdsHosts.get(name), [addrs]);
  }
  const osdHosts = new Map((facts.get("osdMetadata") ?? []).map((one) => [one.id, one.hostname]));
  for (const { osd, public_addrs, cluster_addrs } of facts.need("osdmap").osds) {
    add("osd", String(osd), osdHosts.get(osd), [public_addrs, cluster_addrs]);
  }
  return speakers;
}

function hostsOf(metadata: FactOf<"monMetadata"> | undefined): Map<string, string> {
  return new Map((metadata ?? []).map(({ name, hostname }) => [name, hostname]));
}

/** Each says in its metadata how it listens, one frontend after the other. */
export function gatewaysOf(facts: ClusterFacts): Gateway[] {
  const daemons = facts.get("services")?.services.rgw?.daemons ?? {};
  return Object.entries(daemons).flatMap(([id, daemon]) => {
    if (typeof daemon === "string") return [];
    const { metadata } = daemon;
    const frontends = Object.entries(metadata).flatMap(([key, value]) =>
      key.startsWith("frontend_config#") ? value : [],
    );
    const frontend = frontends.length > 0 ? frontends.join(" ") : undefined;
    return { name: `rgw.${id}`, host: metadata.hostname ?? "", frontend };
  });
}
