/** Between the keeper and its host, over the channel that Node gives to a child. */

/** `connection` comes with the socket. */
export type ToHost = { type: "ping" } | { type: "connection" };

export type FromHost =
  | { type: "pong" }
  | { type: "ready"; pinSource: "none" | "credential" }
  | { type: "failed"; why: string };
