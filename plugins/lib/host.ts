/** Owns which node the page speaks to; nothing else opens a channel. */
import { busName } from "../../agent/bus/contract.ts";
import type { DBusClient, StreamChannel } from "./cockpit.ts";

/** Opens a new channel to the agent of the node that the person logged into. */
export function openBus(): DBusClient {
  return cockpit.dbus(busName, { bus: "system" });
}

/** Joins a unix socket on that node, with the rights of the person. */
export function openStream(path: string): StreamChannel {
  return cockpit.channel({ payload: "stream", unix: path, binary: true });
}
