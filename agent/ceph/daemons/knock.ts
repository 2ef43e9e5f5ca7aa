/**
 * Whether a daemon is alive: every daemon of Ceph greets whoever connects, before it knows who that is
 * (msgr2: `ceph v2`, the old protocol: `ceph v027`; Ceph's documentation, "msgr2 protocol"). One
 * that hangs takes the connection, since the kernel does, and greets nobody. Needs no key.
 */
import { connect } from "node:net";
import type { Silence } from "./answers.ts";

/** `late`: this process itself did not get to listen in time, which tells nothing of the daemon. */
export type Outcome = "answers" | Silence | "late";

const greeting = "ceph v";
/** A timer that is so much later than it was set for tells of this process alone. */
const ownDelayMs = 500;

/** @param address as maps have it, such as 192.0.2.7:6800 or [2001:db8::7]:6800 */
export function knock(address: string, milliseconds: number): Promise<Outcome> {
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, colon).replace(/^\[|\]$/g, "");
  const port = Number(address.slice(colon + 1));
  return new Promise((resolve) => {
    const began = performance.now();
    const socket = connect({ host, port });
    let isOpen = false;
    let said = "";
    const end = (outcome: Outcome) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(outcome);
    };
    const timer = setTimeout(() => {
      const isLate = performance.now() - began > milliseconds + ownDelayMs;
      // What came meanwhile is heard before.
      setImmediate(() => end(isLate ? "late" : isOpen ? "silent" : "unreached"));
    }, milliseconds);
    socket.on("connect", () => {
      isOpen = true;
    });
    socket.on("data", (chunk) => {
      said = (said + chunk.toString("latin1")).slice(0, greeting.length);
      if (said.length === greeting.length) end(said === greeting ? "answers" : "silent");
    });
    socket.on("error", ({ code }: NodeJS.ErrnoException) => {
      end(code === "ECONNREFUSED" ? "refuses" : isOpen ? "silent" : "unreached");
    });
    socket.on("end", () => end("silent"));
  });
}
