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

/**
 * Address from which the browser loads a file of that node by itself, read with the rights of the
 * person and without passing through the page's memory.
 *
 * @param path absolute, in ASCII
 */
export function downloadAddress(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const query = {
    payload: "fsread1",
    path,
    binary: "raw",
    // Any size: it is not held in memory on the way.
    max_read_size: -1,
    external: {
      "content-disposition": `attachment; filename="${name.replace(/[^\w.-]/g, "_")}"`,
      "content-type": "application/octet-stream",
    },
  };
  const { uri, csrf_token: token } = cockpit.transport;
  return `${new URL(uri(`channel/${token}`)).pathname}?${btoa(JSON.stringify(query))}`;
}
