import type { FirewallStatus } from "../../../node/firewall/answers.ts";
import type { Declared } from "../../../node/firewall/declared.ts";
import { type Address, isWithin } from "../address.ts";
import { bad, type Found, good, warning } from "./check.ts";

/**
 * @param own where this node's Incus would listen
 * @param peer address of the member that invites; undefined for a new cluster
 */
export function firewall(
  own: Address,
  peer: Address | undefined,
  { state, fact, remedy }: Pick<FirewallStatus, "state" | "fact" | "remedy">,
  declared: Declared | undefined,
): Found {
  if (declared === undefined || state === "off" || state === "undeclared") {
    const open = `Whoever reaches ${own.host} would reach Incus on port ${own.port}.`;
    return warning(`${fact} ${open}`, remedy);
  }
  if (state === "unknown") return warning(fact, remedy);
  const ports = [own.port, ...(peer === undefined ? [] : [peer.port])];
  const closed = ports.find((port) => !isAmong(port, declared.memberPorts));
  const write = "in /etc/dsecos/agent.json, restart the agent, and: dsecos node apply-firewall";
  if (closed !== undefined) {
    const text = `The packet filter opens port ${closed} to no member.`;
    return bad(text, `Use port 8443, or add ${closed} to “firewall.memberPorts” ${write}`);
  }
  if (peer !== undefined && !isWithin(peer.host, declared.members)) {
    const text = `The packet filter lets ${peer.host} not in, nor anything out to it.`;
    return bad(text, `Add ${peer.host} to “firewall.members” ${write}`);
  }
  if (state === "drift") return warning(fact, remedy);
  return good(`The packet filter lets members in on port ${own.port}, and nobody else.`);
}

function isAmong(port: number, ports: readonly string[]): boolean {
  return ports.some((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return first <= port && port <= last;
  });
}
