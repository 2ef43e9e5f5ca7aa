/**
 * Every path that a tenant's data takes or could take, from what the engines know. A path that
 * nobody can speak of yet stands here too, as unknown: the verdict is given only when none is.
 */
import type { DataPath } from "./answers.ts";
import type { Instance, Network, TenantFacts } from "./facts.ts";

/** Where the record and its copies go, from the agent's configuration. */
export interface Copies {
  /** Places outside this node that get events or checkpoints. */
  targets: readonly { name: string; address: string }[];
}

export interface Tenancy {
  name: string;
  jurisdiction: string;
}

export function dataPaths(tenant: Tenancy, facts: TenantFacts, copies: Copies): DataPath[] {
  return [
    ...placements(tenant, facts),
    ...storage(tenant, facts),
    ...devices(tenant, facts),
    ...networks(tenant, facts),
    ...mirrors(tenant, facts),
    ...exchanges(tenant, facts),
    ...exports(tenant, facts),
    ...records(copies),
  ];
}

/** @returns whether it is shown, and the sentence on top. */
export function verdictOf(
  { jurisdiction }: Tenancy,
  paths: readonly DataPath[],
): { shown: boolean; verdict: string } {
  const foreign = paths.filter((path) => path.jurisdiction !== "" && outside(path, jurisdiction));
  const unknown = paths.filter(({ state, jurisdiction: j }) => state === "unknown" || j === "");
  if (foreign.length > 0) {
    const [{ to = "", jurisdiction: there = "" } = {}] = foreign;
    const taken = foreign.filter(({ state }) => state === "taken").length;
    const what = taken > 0 ? `${taken} of them taken now` : "none of them taken now";
    return {
      shown: false,
      verdict: `${count(foreign.length, "path")} outside ${jurisdiction}, ${what}; for example ${to} (${there}).`,
    };
  }
  if (unknown.length > 0) {
    const verb = unknown.length === 1 ? "is" : "are";
    return {
      shown: false,
      verdict: `Not shown: ${count(unknown.length, "path")} of ${paths.length} ${verb} unknown.`,
    };
  }
  return { shown: true, verdict: `All paths: ${jurisdiction}-only` };
}

function outside(path: DataPath, jurisdiction: string): boolean {
  return path.jurisdiction !== jurisdiction;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

function nodeOf({ clustered, nodes }: TenantFacts, location: string): [string, string] {
  const [only = ""] = nodes.keys();
  const name = clustered ? location : only;
  return [name, nodes.get(name) ?? ""];
}

function placements({ name }: Tenancy, facts: TenantFacts): DataPath[] {
  const nodes = [...facts.nodes].map(([node, jurisdiction]): DataPath => {
    const here = facts.instances.filter(({ location }) => nodeOf(facts, location)[0] === node);
    const key = facts.clustered ? `cluster get ${node}` : "config get";
    return {
      kind: "placement",
      from: `tenant ${name}`,
      to: `node ${node}`,
      jurisdiction,
      state: here.length > 0 ? "taken" : "possible",
      evidence:
        jurisdiction === ""
          ? `${count(here.length, "instance")} here; nobody declared where the node stands.`
          : `${count(here.length, "instance")} here; the node is declared to stand in ${jurisdiction}.`,
      command: `incus ${key} user.dsecos.jurisdiction`,
    };
  });
  return nodes;
}

/** Drivers whose data stays on the node's own disks. */
const localDrivers = new Set(["dir", "btrfs", "lvm", "zfs"]);

function storage({ name }: Tenancy, facts: TenantFacts): DataPath[] {
  const from = `tenant ${name}`;
  return facts.pools.flatMap((pool): DataPath[] => {
    const command = `incus storage show ${pool.name}`;
    const on = (node: string) => {
      const here = ({ location }: { location: string }) => nodeOf(facts, location)[0] === node;
      const disks = facts.instances.filter((one) => rootPool(one) === pool.name && here(one));
      const volumes = facts.volumes.filter((volume) => volume.pool === pool.name && here(volume));
      return [disks.length, volumes.length] as const;
    };
    if (!localDrivers.has(pool.driver)) {
      const evidence = `Driver ${pool.driver} keeps data on other machines, which are not connected to DsecOS yet.`;
      const to = `storage pool ${pool.name}`;
      return [{ kind: "storage", from, to, jurisdiction: "", state: "unknown", evidence, command }];
    }
    return [...facts.nodes].map(([node, jurisdiction]) => {
      const [disks, volumes] = on(node);
      return {
        kind: "storage",
        from,
        to: `storage pool ${pool.name} on ${node}`,
        jurisdiction,
        state: disks + volumes > 0 ? "taken" : "possible",
        evidence:
          `Driver ${pool.driver}, local; ${count(disks, "root disk")}, ${count(volumes, "volume")}. ` +
          "At rest it is as safe as the disk: DsecOS does not encrypt it yet.",
        command,
      };
    });
  });
}

function rootPool({ expanded_devices: devices }: Instance): string {
  return (
    Object.values(devices).find(({ type, path }) => type === "disk" && path === "/")?.pool ?? ""
  );
}

/** Devices that lead out of an instance other than its root disk and its networks. */
function devices({ name }: Tenancy, facts: TenantFacts): DataPath[] {
  return facts.instances.flatMap((instance) => {
    const [node, jurisdiction] = nodeOf(facts, instance.location);
    return Object.entries(instance.expanded_devices).flatMap(([device, settings]): DataPath[] => {
      const { type = "", source = "", pool = "", listen = "", connect = "" } = settings;
      if (type === "nic" || type === "none" || (type === "disk" && pool !== "")) return [];
      const local = type === "disk" && source.startsWith("/");
      const to = local ? `${source} on ${node}` : type === "proxy" ? connect : `${type} ${device}`;
      return [
        {
          kind: "device",
          from: `instance ${instance.name}`,
          to,
          jurisdiction: local ? jurisdiction : "",
          state: "taken",
          evidence: `Device ${device} of type ${type}${listen === "" ? "" : `, listening on ${listen}`}.`,
          command: `incus config device show ${instance.name} --project ${name}`,
        },
      ];
    });
  });
}

function networks({ name }: Tenancy, facts: TenantFacts): DataPath[] {
  const nics = facts.instances.flatMap((instance) =>
    Object.values(instance.expanded_devices)
      .filter(({ type }) => type === "nic")
      .map(({ network = "", parent = "" }) => ({ instance, to: network || parent })),
  );
  return [...new Set(nics.map(({ to }) => to))].map((to) => {
    const users = nics.filter((nic) => nic.to === to);
    const network = facts.networks.find((candidate) => candidate.name === to);
    const [node, jurisdiction] = nodeOf(facts, users[0]?.instance.location ?? "");
    const closed = network !== undefined && isClosed(network);
    return {
      kind: "network",
      from: `${count(users.length, "instance")} of ${name}`,
      to: closed
        ? `network ${to} on ${node}, which leads nowhere else`
        : `network ${to} and beyond`,
      jurisdiction: closed ? jurisdiction : "",
      state: closed ? "taken" : "possible",
      evidence: closed
        ? "A bridge without address translation, without routes of its own and without another interface."
        : "Packets can leave the node here; no firewall of DsecOS says yet where to.",
      command: `incus network show ${to}`,
    } satisfies DataPath;
  });
}

function isClosed({ type, config }: Network): boolean {
  const on = (key: string) => config[key] === "true";
  const external = config["bridge.external_interfaces"] ?? "";
  const tunnels = Object.keys(config).some((key) => key.startsWith("tunnel."));
  const routed =
    (config["ipv4.routing"] ?? "true") !== "false" && config["ipv4.address"] !== "none";
  const routed6 =
    (config["ipv6.routing"] ?? "true") !== "false" && config["ipv6.address"] !== "none";
  return (
    type === "bridge" &&
    !(on("ipv4.nat") || on("ipv6.nat") || routed || routed6 || tunnels) &&
    external === ""
  );
}

/** Images that are fetched anew: who serves them learns that they are used, and decides what runs. */
function mirrors({ name }: Tenancy, facts: TenantFacts): DataPath[] {
  return facts.images.flatMap(({ auto_update: auto, update_source: from, fingerprint }) => {
    if (!auto || !from) return [];
    return [
      {
        kind: "mirror",
        from: from.server,
        to: `image ${fingerprint.slice(0, 12)} of ${name}`,
        jurisdiction: "",
        state: "possible",
        evidence: "The image is updated from there by itself.",
        command: `incus image show ${fingerprint.slice(0, 12)} --project ${name}`,
      } satisfies DataPath,
    ];
  });
}

function exchanges({ name }: Tenancy, { apiAddress }: TenantFacts): DataPath[] {
  if (apiAddress === "") return [];
  return [
    {
      kind: "exchange",
      from: `tenant ${name}`,
      to: `whoever Incus trusts at ${apiAddress}`,
      jurisdiction: "",
      state: "possible",
      evidence:
        "Incus can be reached over the network: a trusted client can copy an instance away.",
      command: "incus config get core.https_address; incus config trust list",
    },
  ];
}

function exports({ name }: Tenancy, facts: TenantFacts): DataPath[] {
  return facts.instances.flatMap((instance): DataPath[] => {
    const backups = instance.backups?.length ?? 0;
    if (backups === 0) return [];
    const [node, jurisdiction] = nodeOf(facts, instance.location);
    return [
      {
        kind: "export",
        from: `instance ${instance.name}`,
        to: `backups on ${node}`,
        jurisdiction,
        state: "taken",
        evidence: `${count(backups, "backup")} can be fetched by whoever may use Incus.`,
        command: `incus query "/1.0/instances/${instance.name}/backups?project=${name}"`,
      },
    ];
  });
}

/** What is told of the tenant in the record leaves the node with it. */
function records({ targets }: Copies): DataPath[] {
  return targets.map(({ name, address }) => ({
    kind: "record",
    from: "the audit log",
    to: `${name} at ${address}`,
    jurisdiction: "",
    state: "taken",
    evidence: "The agent is configured to send events there; where it stands is not declared.",
    command: "cat /etc/dsecos/agent.json",
  }));
}
