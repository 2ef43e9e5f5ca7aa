/**
 * Imported before everything else: a thread takes as long to begin as the rest of the agent to
 * load, and both can go on at the same time.
 */
import { startWriterThread } from "./thread.ts";

export const writerThread = startWriterThread();
