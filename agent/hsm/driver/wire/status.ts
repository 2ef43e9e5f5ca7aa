/** What the driver's side says of itself, as the first frame and whenever it changes. */
import * as v from "valibot";
import { pinSources } from "../types.ts";
import type { Reader, Writer } from "./buffers.ts";
import { frame, outcome } from "./frames.ts";
import { protocol } from "./operations.ts";

const statusSchema = v.object({
  protocol: v.number(),
  state: v.picklist(["starting", "ready", "restarting", "failed"]),
  /** One sentence, empty while it is ready. */
  reason: v.pipe(v.string(), v.maxLength(2000)),
  pinSource: v.picklist(pinSources),
  /** Process id of the host, so that a new one is told from the old; 0 where there is none. */
  host: v.number(),
});
export type WireStatus = v.InferOutput<typeof statusSchema>;

export function writeStatus(to: Writer, status: Omit<WireStatus, "protocol">): void {
  frame(to, () => {
    to.word(0);
    to.byte(outcome.status);
    to.text(JSON.stringify({ protocol, ...status }));
  });
}

/** @throws Error when it is no status. */
export function readStatus(from: Reader): WireStatus {
  const status = v.parse(statusSchema, JSON.parse(from.text(16_384)));
  from.done();
  return status;
}
