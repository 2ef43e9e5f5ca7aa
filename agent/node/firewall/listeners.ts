/** Compares what listens with what the loaded rules let in. */
import type { System } from "../system.ts";
import type { Listener, Reach } from "./answers.ts";
import type { Declared } from "./declared.ts";
import { ownersOf, type Socket, waitingSockets } from "./sockets.ts";

/** What is known of the rules that are loaded. */
export type Rules = Pick<Declared, "administrators" | "members" | "memberPorts" | "tenantBridges">;

const order: readonly Reach[] = [
  ...(["open", "unknown", "administrators", "members", "tenants", "blocked"] as const),
  "loopback",
];

const doors = new Set(["tcp 22", "tcp 443"]);
/** Of the dnsmasq of a tenant's network. */
const forTenants = new Set(["udp 53", "tcp 53", "udp 67", "udp 547"]);

/** @param rules undefined where none are loaded; “unknown” where they are not those that were confirmed */
export async function listeners(
  system: System,
  rules: Rules | "unknown" | undefined,
): Promise<Listener[]> {
  const sockets = await waitingSockets(system);
  const owners = await ownersOf(system, new Set(sockets.map(({ inode }) => inode)));
  return sockets
    .map((socket) => ({
      ...{ protocol: socket.protocol, address: socket.address, port: socket.port },
      process: owners.get(socket.inode) ?? "",
      reach: reachOf(socket, rules),
      wanted: doors.has(nameOf(socket)),
    }))
    .sort(
      (one, other) =>
        order.indexOf(one.reach) - order.indexOf(other.reach) ||
        Number(one.wanted) - Number(other.wanted) ||
        one.port - other.port ||
        (one.address < other.address ? -1 : 1),
    );
}

function nameOf({ protocol, port }: Pick<Socket, "protocol" | "port">): string {
  return `${protocol} ${port}`;
}

export function reachOf(
  socket: Pick<Socket, "protocol" | "address" | "port">,
  rules: Rules | "unknown" | undefined,
): Reach {
  const { address, protocol, port } = socket;
  if (/^(127\.|::1$|::ffff:127\.)/.test(address)) return "loopback";
  if (rules === undefined) return "open";
  if (rules === "unknown") return "unknown";
  if (doors.has(nameOf(socket))) {
    return rules.administrators.length > 0 ? "administrators" : "open";
  }
  if (protocol === "tcp" && rules.members.length > 0 && isIn(port, rules.memberPorts)) {
    return "members";
  }
  return rules.tenantBridges.length > 0 && forTenants.has(nameOf(socket)) ? "tenants" : "blocked";
}

function isIn(port: number, ranges: readonly string[]): boolean {
  return ranges.some((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return port >= first && port <= last;
  });
}
