import type { CheckDefinition } from "./types.ts";

/** SSH and Cockpit; everything else stays inside. */
const allowed = new Set(["tcp 22", "tcp 443"]);

interface Listener {
  readonly protocol: "tcp" | "udp";
  readonly address: string;
  readonly port: number;
}

export const ports: CheckDefinition = {
  id: "ports",
  title: "Listening ports",
  why: "Whatever listens on the network can be attacked from there; only SSH and HTTPS should.",
  command: "ss -lntu",
  find: async (system) => {
    const listeners = (
      await Promise.all(
        (["tcp", "tcp6", "udp", "udp6"] as const).map(async (table) => {
          const text = await system.read(`/proc/net/${table}`);
          // A kernel without IPv6 has no such table; one without IPv4 does not exist.
          if (text === undefined && !table.endsWith("6")) throw new Error(`no /proc/net/${table}`);
          return listenersIn(text ?? "", table.startsWith("tcp") ? "tcp" : "udp");
        }),
      )
    ).flat();
    const open = [...new Set(listeners.filter(reachable).map(nameOf))].sort(byPort);
    const extra = open.filter((name) => !allowed.has(name));
    if (extra.length > 0) {
      const fact = `Also open to the network: ${extra.join(", ")}.`;
      return { verdict: "bad", fact, remedy: "Stop what listens there or bind it to loopback." };
    }
    const fact = open.length > 0 ? `Open to the network: ${open.join(", ")}.` : "No port is open.";
    return { verdict: "good", fact };
  },
};

function nameOf({ protocol, port }: Listener): string {
  return `${protocol} ${port}`;
}

function byPort(left: string, right: string): number {
  return Number(left.slice(4)) - Number(right.slice(4)) || (left < right ? -1 : 1);
}

const listen = "0A";
/** UDP has no listening; a socket without a peer takes from everybody. */
const unconnected = "07";

/** @param text of /proc/net/tcp and its like */
export function listenersIn(text: string, protocol: "tcp" | "udp"): Listener[] {
  const wanted = protocol === "tcp" ? listen : unconnected;
  return text.split("\n").flatMap((line) => {
    const [, local, , state] = line.trim().split(/\s+/);
    const [address, port] = (local ?? "").split(":");
    if (state !== wanted || address === undefined || port === undefined) return [];
    return [{ protocol, address, port: Number.parseInt(port, 16) }];
  });
}

/** Addresses are words of 32 bits in the order of the machine: 127.0.0.1 is 0100007F. */
function reachable({ address }: Listener): boolean {
  const words = address.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => (word.match(/../g) ?? []).reverse());
  const hex = bytes.join("").toUpperCase();
  if (hex.length === 8) return !hex.startsWith("7F");
  const loopback = hex === `${"0".repeat(31)}1`;
  return !loopback && !hex.startsWith(`${"0".repeat(20)}FFFF7F`);
}
