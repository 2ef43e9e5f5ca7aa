import type { NodeStatus } from "../../../node/contract.ts";
import { type Address, isWithin } from "../address.ts";
import { bad, type Found, good } from "./check.ts";

export interface Networks {
  /** Interfaces of this node but the loopback. */
  links: NodeStatus["network"];
  /** Names of interfaces that tenants' instances are on; the last character may be a star. */
  tenantBridges: readonly string[];
  /** Names of networks that Incus manages. */
  managed: readonly string[];
}

/** @param peer address of the member that invites; undefined for a new cluster */
export function address({ host }: Address, peer: Address | undefined, networks: Networks): Found {
  const { links, tenantBridges, managed } = networks;
  const choose = "Give the address that this node has on the cluster's network: ip address";
  if (peer?.host === host) return bad(`${host} is the address of the member that invites.`, choose);
  const link = links.find(({ addresses }) =>
    addresses.some((one) => one.split("/")[0]?.toLowerCase() === host.toLowerCase()),
  );
  if (link === undefined) {
    return bad(`${host} is no address of this node that others reach.`, choose);
  }
  const isTenants = tenantBridges.some((bridge) =>
    bridge.endsWith("*") ? link.name.startsWith(bridge.slice(0, -1)) : link.name === bridge,
  );
  if (isTenants || managed.includes(link.name)) {
    const fact = `${host} is on ${link.name}, a network of tenants, who would reach the cluster there.`;
    return bad(fact, choose);
  }
  const network = link.addresses.find((one) => one.includes("/") && isInBlock(host, one));
  const isNear = peer === undefined || (network !== undefined && isInBlock(peer.host, network));
  const how = isNear ? "" : ` ${peer?.host} is on another network, behind a router.`;
  return good(`${host} is on ${link.name}.${how}`);
}

/** @param cidr an interface's address with its length, for example 10.1.0.4/24 */
function isInBlock(host: string, cidr: string): boolean {
  return isWithin(host, [networkOf(cidr)]);
}

/** Without the bits of the host, where it is of version 4; one of version 6 stays as it is. */
function networkOf(cidr: string): string {
  const [text = "", length = ""] = cidr.split("/");
  if (text.includes(":")) return text;
  const bits = text.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(length));
  const start = Math.floor(bits / size) * size;
  const bytes = [24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256);
  return `${bytes.join(".")}/${length}`;
}
