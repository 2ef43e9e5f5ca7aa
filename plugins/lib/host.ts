/** Owns which node the page speaks to; nothing else opens a channel. */
import { busName } from "../../agent/bus/contract.ts";
import { isMemberName } from "../../agent/cluster/members/names.ts";
import type { DBusClient, StreamChannel } from "./cockpit.ts";

/** Option of the address that names the node. */
const option = "node";

let chosen: string | undefined;
/** Where channels go: empty until it is known that the chosen node is another one of the cluster. */
let route: { host?: string } = {};
let asked: Promise<void> | undefined;
let leaving = false;

function inAddress(): string {
  const node = cockpit.location.options[option];
  return typeof node === "string" && isMemberName(node) ? node : "";
}

/**
 * Name of the node that was chosen, for as long as the page is open; empty for that of the login. Another
 * choice loads the page anew, so that nothing that one node said is taken for a word of another.
 */
export function chosenNode(): string {
  chosen ??= inAddress();
  return chosen;
}

export const nodeOption = (node = chosenNode()) => (node === "" ? {} : { [option]: node });

/** Adds the chosen node to an address of another page. @param address with its place, for example `ceph.html#/` */
export function withNode(address: string, node = chosenNode()): string {
  if (node === "") return address;
  return `${address}${address.includes("?") ? "&" : "?"}${option}=${node}`;
}

/** Keeps the choice in the address whichever link of the page somebody follows. */
export function keepNode(): void {
  const node = chosenNode();
  cockpit.addEventListener("locationchanged", () => {
    const now = inAddress();
    if (leaving || now === node) return;
    if (now !== "") location.reload();
    else cockpit.location.replace([...cockpit.location.path], withOption(node));
  });
}

const withOption = (node: string) => ({ ...cockpit.location.options, [option]: node });

/** Loads the page anew for another node; empty for that of the login. */
export function chooseNode(node: string): void {
  leaving = true;
  cockpit.location.replace([...cockpit.location.path], nodeOption(node));
  location.reload();
}

/**
 * To be awaited before a channel is opened: whether the name in the address, which anybody can write, is
 * one of another member of the cluster is asked of the node of the login.
 *
 * @throws PageError where it is none, or nobody knows
 */
export async function admitted(): Promise<void> {
  const node = chosenNode();
  if (node === "") return;
  asked ??= admit(node);
  try {
    await asked;
  } catch (cause) {
    asked = undefined;
    throw cause;
  }
}

async function admit(node: string): Promise<void> {
  const { isOther } = await import("./nodes/own.ts");
  if (await isOther(node)) route = { host: node };
  else chooseNode("");
}

/** Opens a new channel to the agent of the node that the page speaks to. */
export function openBus(): DBusClient {
  return cockpit.dbus(busName, { bus: "system", ...route });
}

/** Opens a new channel to the agent of the node that the person logged into. */
export function openOwnBus(): DBusClient {
  return cockpit.dbus(busName, { bus: "system" });
}

/** Opens a new channel to the agent of another member. @param node as the node of the login names it */
export function openBusAt(node: string): DBusClient {
  return cockpit.dbus(busName, { bus: "system", host: node });
}

/** Joins a unix socket on that node, with the rights of the person. */
export function openStream(path: string): StreamChannel {
  return cockpit.channel({ payload: "stream", unix: path, binary: true, ...route });
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
    ...route,
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
