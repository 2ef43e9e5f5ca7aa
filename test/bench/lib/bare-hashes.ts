/** What no log of this kind can do without: the limit that this machine sets. */
import { hash } from "node:crypto";
import { chainBytes, saltBytes } from "../../../agent/audit/segments/format.ts";

/** Of an event, as in the bars. */
export const eventBytes = 415;

/** One SHA3-512 and one SHA-256 for each event, and one SHA-256 for each inner node of the tree. */
export function hashesAlone(events: number): void {
  const entry = Buffer.alloc(eventBytes + saltBytes + chainBytes);
  const leaf = Buffer.alloc(1 + entry.length);
  const node = Buffer.alloc(65);
  for (let i = 0; i < events; i++) {
    hash("sha3-512", entry, "binary");
    hash("sha256", leaf, "binary");
    hash("sha256", node, "binary");
  }
}
