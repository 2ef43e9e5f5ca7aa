/** The agent's link to Ceph: what is asked over its connection, as JSON. */
import { DsecosError } from "../../bus/errors.ts";
import { Connection, type LinkOptions, nameOf } from "./connection.ts";
import type { Ceph, Target } from "./types.ts";

/** Begins at once, and goes on until it is closed. */
export function openCeph(options: LinkOptions): Ceph {
  const link = new Connection(options);
  const json = async (to: Target, prefix: string, args?: Record<string, unknown>) =>
    parse(to, prefix, await link.command(to, prefix, args));
  link.begin();
  return {
    status: () => link.status,
    mon: (prefix, args) => json("mon", prefix, args),
    mgr: (prefix, args) => json("mgr", prefix, args),
    osd: (id, prefix, args) => json(id, prefix, args),
    text: (to, prefix, args) => link.command(to, prefix, args),
    onChanged: (listener) => void link.listeners.push(listener),
    close: () => link.close(),
  };
}

function parse(to: Target, prefix: string, payload: Buffer): unknown {
  const text = payload.toString("utf8");
  if (text.trim() === "") return null;
  try {
    return JSON.parse(text);
  } catch (cause) {
    const what = `Ceph's answer to ${nameOf(to)}: ${prefix} is not JSON; the cluster's version may be too old.`;
    throw new DsecosError("Unavailable", what, { cause });
  }
}
