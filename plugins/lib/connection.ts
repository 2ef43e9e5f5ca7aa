/**
 * The page's one connection to the agent. Opens lazily, comes back by itself when the bridge, the
 * bus or the agent went away, and never has more calls under way than a session can carry.
 */
import type { DBusClient } from "./cockpit.ts";
import { PageError, toPageError } from "./errors.ts";
import { admitted, chosenNode, openBus } from "./host.ts";

/** A session has 128 pending calls for all its pages together. */
const maximumInFlight = 50;
const firstDelay = 500;
const longestDelay = 8000;
/** Each attempt at another node is a login there, which may be counted and refused. */
const longestElsewhere = 30_000;

export type ConnectionState = "open" | "lost";
type SignalListener = (path: string, member: string, args: unknown[]) => void;

export interface BusCall {
  path: string;
  interface: string;
  member: string;
  signature: string;
  args: unknown[];
  /** Milliseconds. */
  timeout: number;
}

let client: DBusClient | undefined;
let state: ConnectionState = "open";
let problem = "";
let delay = firstDelay;
let inFlight = 0;
const waiting: (() => void)[] = [];
const signalListeners = new Map<string, Set<SignalListener>>();
const stateListeners = new Set<(state: ConnectionState) => void>();

function setState(next: ConnectionState): void {
  if (next === state) return;
  state = next;
  for (const listener of stateListeners) listener(next);
}

function connect(): DBusClient {
  if (client) return client;
  const opened = openBus();
  client = opened;
  opened.addEventListener("close", (_event, why) => {
    if (client !== opened) return;
    client = undefined;
    problem = why.problem ?? "";
    setState("lost");
    setTimeout(probe, delay);
    delay = Math.min(delay * 2, chosenNode() === "" ? longestDelay : longestElsewhere);
  });
  opened.addEventListener("owner", (_event, owner) => {
    if (client !== opened) return;
    if (owner) delay = firstDelay;
    problem = "";
    setState(owner ? "open" : "lost");
  });
  for (const name of signalListeners.keys()) match(opened, name);
  return opened;
}

/** Opens the channel again; the agent's owner, or the next close, tells how it went. */
function probe(): void {
  if (!client) connect();
}

function match(opened: DBusClient, name: string): void {
  opened.subscribe({ interface: name }, (path, _iface, member, args) => {
    for (const listener of signalListeners.get(name) ?? []) listener(path, member, args);
  });
}

async function slot(): Promise<void> {
  if (inFlight >= maximumInFlight) await new Promise<void>((resolve) => waiting.push(resolve));
  inFlight += 1;
}

/** @throws PageError whatever goes wrong. */
export async function call(request: BusCall): Promise<unknown> {
  await slot();
  try {
    await admitted();
    const reply = await connect().call(
      request.path,
      request.interface,
      request.member,
      request.args,
      { type: request.signature, timeout: request.timeout },
    );
    setState("open");
    return reply[0];
  } catch (cause) {
    const error = toPageError(cause);
    if (error.code === "NotRunning" || error.code === "Disconnected") setState("lost");
    throw error;
  } finally {
    inFlight -= 1;
    waiting.shift()?.();
  }
}

/** Hears the signals of an interface, over reconnections too. @returns how to stop. */
export function onSignal(name: string, listener: SignalListener): () => void {
  let listeners = signalListeners.get(name);
  if (!listeners) {
    listeners = new Set();
    signalListeners.set(name, listeners);
    if (client) match(client, name);
  }
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function onConnection(listener: (state: ConnectionState) => void): () => void {
  stateListeners.add(listener);
  return () => stateListeners.delete(listener);
}

export function connectionState(): ConnectionState {
  return state;
}

/** Why the channel closed, in Cockpit's words; empty where it is open, and only the agent is not there. */
export function connectionProblem(): string {
  return problem;
}

export function badReply(member: string, message: string): PageError {
  return new PageError("BadReply", `${member}: ${message}`);
}
