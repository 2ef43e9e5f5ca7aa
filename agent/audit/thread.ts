import { Worker } from "node:worker_threads";

/** For V8; the buffers of the events are outside of it. */
const resourceLimits = { maxOldGenerationSizeMb: 48, maxYoungGenerationSizeMb: 4 };

/**
 * Starts the thread that writes the audit log; it touches nothing before it is told to open it.
 * @param program the writer's, beside the agent's unless told
 */
export function startWriterThread(program = new URL("audit-writer.js", import.meta.url)): Worker {
  return new Worker(program, { resourceLimits });
}
