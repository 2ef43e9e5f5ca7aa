/** Network interfaces of the node, without those of its instances. */
import { networkInterfaces } from "node:os";
import type { NodeStatus } from "./contract.ts";
import type { System } from "./system.ts";

type Link = NodeStatus["network"][number];

/** Ends of instances: a node has hundreds, and their tenants' pages show them. */
const ofInstances = /^(veth|tap)/;

/** @param addresses as the operating system tells them; recorded ones in tests */
export async function readNetwork(
  system: System,
  addresses: ReturnType<typeof networkInterfaces> = networkInterfaces(),
): Promise<Link[]> {
  const names = (await system.list("/sys/class/net"))
    .filter((name) => name !== "lo" && !ofInstances.test(name))
    .sort();
  const links = await Promise.all(
    names.map(async (name): Promise<Link | undefined> => {
      const read = (file: string) => system.read(`/sys/class/net/${name}/${file}`);
      const [state, received, sent] = await Promise.all([
        read("operstate"),
        read("statistics/rx_bytes"),
        read("statistics/tx_bytes"),
      ]);
      // A file such as bonding_masters is no interface, and an interface may go meanwhile.
      if (state === undefined || received === undefined || sent === undefined) return undefined;
      return {
        name,
        state: state.trim(),
        addresses: (addresses[name] ?? []).map(({ cidr, address }) => cidr ?? address),
        receivedBytes: received.trim(),
        sentBytes: sent.trim(),
      };
    }),
  );
  return links.filter((link) => link !== undefined);
}
