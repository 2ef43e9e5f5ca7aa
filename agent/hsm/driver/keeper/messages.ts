/** Between the keeper and its host, over the channel that Node gives to a child. */

import type { PinSource } from "../types.ts";

/** `connection` comes with the socket. */
export type ToHost = { type: "ping" } | { type: "connection" };

export type FromHost =
  | { type: "pong" }
  /** A connection arrived: the keeper closes its own end of it. In the order in which they were sent. */
  | { type: "taken" }
  | { type: "ready"; pinSource: PinSource }
  | { type: "failed"; why: string }
  /** Last of all, where it ends itself. */
  | { type: "ends"; why: string };
