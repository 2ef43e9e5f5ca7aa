/** Keeps the index close behind the log, so that the first question need not wait for it. */
import { explain, type Log } from "../log.ts";
import type { ReaderClient } from "./queries/client.ts";
import { segmentEvents } from "./segments/format.ts";

/** A segment is closed a moment after it is full. */
const laterMs = 30_000;

export interface AppendedLog {
  readonly size: number;
  onAppended(listener: (size: number) => void): () => void;
}

/** @returns a function that ends it. */
export function keepIndex(audit: AppendedLog, reader: ReaderClient, log: Log): () => void {
  let indexed = 0;
  let timer: NodeJS.Timeout | undefined;
  const make = () => {
    timer = undefined;
    reader.ask("index", {}).catch((error) => {
      log("warning", "the index of the audit log is not complete", { error: explain(error) });
    });
  };
  const look = (size: number) => {
    const full = Math.floor(size / segmentEvents);
    if (full <= indexed) return;
    indexed = full;
    timer ??= setTimeout(make, laterMs).unref();
  };
  const end = audit.onAppended(look);
  look(audit.size);
  return () => {
    end();
    clearTimeout(timer);
  };
}
