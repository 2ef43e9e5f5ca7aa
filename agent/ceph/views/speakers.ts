/** Daemons that others connect to, out of the maps that name them. */
import * as v from "valibot";
import type { Gateway, Speaker } from "../encryption/input.ts";
import { type Facts, gatewaySchema } from "./schemas.ts";

type Settings = ReadonlyMap<string, ReadonlyMap<string, string>>;

export function speakersOf(facts: Partial<Facts>, settings: Settings): Speaker[] {
  const speakers: Speaker[] = [];
  const add = (
    kind: Speaker["kind"],
    id: string,
    host: string,
    addresses: Speaker["addresses"],
  ): void => {
    const name = `${kind}.${id}`;
    speakers.push({ name, kind, host, addresses, settings: settings.get(name) });
  };
  const monHosts = hostsOf(facts.monMetadata);
  for (const { name, public_addrs } of facts.monDump?.mons ?? []) {
    add("mon", name, monHosts.get(name) ?? "", [public_addrs]);
  }
  const { mgrDump } = facts;
  if (mgrDump !== undefined && mgrDump.active_name !== "") {
    const host = hostsOf(facts.mgrMetadata).get(mgrDump.active_name) ?? "";
    add("mgr", mgrDump.active_name, host, [mgrDump.active_addrs]);
  }
  const mdsHosts = hostsOf(facts.mdsMetadata);
  const { standbys = [], filesystems = [] } = facts.fsDump ?? {};
  const active = filesystems.flatMap(({ mdsmap }) => Object.values(mdsmap.info));
  for (const { name, addrs } of [...active, ...standbys]) {
    add("mds", name, mdsHosts.get(name) ?? "", [addrs]);
  }
  const osdHosts = new Map((facts.osdMetadata ?? []).map(({ id, hostname }) => [id, hostname]));
  for (const { osd, public_addrs, cluster_addrs } of facts.osdDump?.osds ?? []) {
    add("osd", String(osd), osdHosts.get(osd) ?? "", [public_addrs, cluster_addrs]);
  }
  return speakers;
}

function hostsOf(metadata: Facts["monMetadata"] | undefined): Map<string, string> {
  return new Map((metadata ?? []).map(({ name, hostname }) => [name, hostname]));
}

/** Each says in its metadata how it listens, one frontend after the other. */
export function gatewaysOf({ services }: Partial<Facts>): Gateway[] {
  return Object.entries(services?.services.rgw?.daemons ?? {}).flatMap(([id, daemon]) => {
    const parsed = v.safeParse(gatewaySchema, daemon);
    if (!parsed.success) return [];
    const { metadata } = parsed.output;
    const frontends = Object.entries(metadata).flatMap(([key, value]) =>
      key.startsWith("frontend_config#") && typeof value === "string" ? value : [],
    );
    const { hostname: host } = metadata;
    const frontend = frontends.length > 0 ? frontends.join(" ") : undefined;
    return { name: `rgw.${id}`, host, frontend };
  });
}
