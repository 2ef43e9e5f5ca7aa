/** A thread that computes the hashes of as many events as it is told, and says when it has. */
import { parentPort } from "node:worker_threads";
import { hashesAlone } from "../lib/bare-hashes.ts";

parentPort?.on("message", (events: number) => {
  hashesAlone(events);
  parentPort?.postMessage(null);
});
