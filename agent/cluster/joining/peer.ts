/** Knocks at the Incus of another member: whether it answers, as whom, and what its clock shows. */

import { get } from "node:https";
import type { TLSSocket } from "node:tls";
import type { Address } from "./address.ts";

const timeoutMs = 5_000;

export type Knock =
  | {
      kind: "answers";
      /** SHA-256 of its certificate. */
      fingerprint: string;
      /** How far its clock is ahead of this node's, in milliseconds; undefined where it tells no time. */
      aheadMs: number | undefined;
    }
  /** The agent's unit, the policy or the packet filter that is loaded lets it open no connection. */
  | { kind: "notLet" }
  | { kind: "fails"; why: string };

/**
 * Asks nothing that needs a right. Whose certificate it is, is for the caller to compare: it is taken as it
 * comes, since by a wrong clock a right one may seem to be over.
 */
export async function knock({ host, port }: Address): Promise<Knock> {
  return new Promise((resolve) => {
    const began = Date.now();
    const signal = AbortSignal.timeout(timeoutMs);
    const asked = get(
      { host, port, path: "/1.0", agent: false, rejectUnauthorized: false, signal },
      (response) => {
        const ended = Date.now();
        const socket = response.socket as TLSSocket;
        const fingerprint = socket.getPeerCertificate().fingerprint256 ?? "";
        // Told in whole seconds, so it is half a second later on the average.
        const told = Date.parse(response.headers.date ?? "") + 500;
        const aheadMs = Number.isNaN(told) ? undefined : told - (began + ended) / 2;
        response.destroy();
        resolve({
          kind: "answers",
          fingerprint: fingerprint.replaceAll(":", "").toLowerCase(),
          aheadMs,
        });
      },
    );
    asked.on("error", (error: NodeJS.ErrnoException) => {
      const { code = "" } = error;
      if (["EPERM", "EACCES", "EAFNOSUPPORT"].includes(code)) resolve({ kind: "notLet" });
      else resolve({ kind: "fails", why: reasons[code] ?? error.message });
    });
  });
}

const reasons: Record<string, string> = {
  ECONNREFUSED: "nothing listens there",
  EHOSTUNREACH: "nobody has that address",
  ENETUNREACH: "no way leads there",
  ETIMEDOUT: "it does not answer",
  ABORT_ERR: `it did not answer within ${timeoutMs / 1000} s`,
  ECONNRESET: "the connection broke off",
};
