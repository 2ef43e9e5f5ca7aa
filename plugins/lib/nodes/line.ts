/** A line to the agent of one node, beside that to which the page speaks, for as long as it is asked. */
import type { BusCall } from "../connection.ts";
import { toPageError } from "../errors.ts";
import { openBusAt, openOwnBus } from "../host.ts";
import type { Nodes } from "./own.ts";

export interface Line {
  /** @throws PageError */
  send: (request: BusCall) => Promise<unknown>;
  /** Why there is no way to the node, in Cockpit's words; empty where there is one. */
  problem: () => string;
  close: () => void;
}

/** @param node one of those that `ownNodes` told: nothing else may be a host */
export function openLine({ node: own }: Nodes, node: string): Line {
  const bus = node === own ? openOwnBus() : openBusAt(node);
  let problem = "";
  bus.addEventListener("close", (_event, why) => {
    problem = why.problem ?? "";
  });
  return {
    async send({ path, interface: iface, member, args, signature: type, timeout }) {
      try {
        const [reply] = await bus.call(path, iface, member, args, { type, timeout });
        return reply;
      } catch (cause) {
        throw toPageError(cause);
      }
    },
    problem: () => problem,
    close: () => bus.close(),
  };
}
