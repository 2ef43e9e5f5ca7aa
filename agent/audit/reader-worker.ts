/**
 * The thread that reads the log and its index for the agent. Started for something else, it writes
 * an export, runs a verification, or serves as one of the threads of one.
 */
import { getPriority, setPriority } from "node:os";
import { setImmediate as turn } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { DsecosError } from "../bus/errors.ts";
import { sha3Hex } from "./digest.ts";
import { type ExportSettings, runExport } from "./export/run.ts";
import { list } from "./index/list.ts";
import { inTurns } from "./index/steps.ts";
import { LogIndex } from "./index/store.ts";
import { summarize } from "./index/summary.ts";
import { wantedOf } from "./index/wanted.ts";
import type { ReaderSettings, Reply, Request } from "./queries/messages.ts";
import { show } from "./queries/show.ts";
import { treeHashes } from "./queries/tree.ts";
import { runVerification, type VerificationSettings } from "./queries/verify-run.ts";
import { LogReader } from "./segments/reader.ts";
import { consistencyProof } from "./tlog/proofs.ts";
import { servesAsVerifier } from "./verify/worker.ts";

/** Behind the agent's own work; on Linux this is the thread's alone. */
const niceness = { reading: 2, verifying: 5 };

const say = (reply: Reply) => parentPort?.postMessage(reply);

class ReaderThread {
  readonly #directory: string;
  readonly #reads: ReadonlySet<string>;
  readonly #reader: LogReader;
  readonly #index: LogIndex;

  constructor({ directory, reads }: ReaderSettings) {
    this.#directory = directory;
    this.#reads = new Set(reads);
    this.#reader = new LogReader(directory);
    this.#index = new LogIndex(directory, this.#reader, (message, facts) =>
      say({ kind: "log", message, facts }),
    );
  }

  async take(request: Request): Promise<void> {
    const { id } = request;
    try {
      const answer = await this.#answer(request);
      say({ kind: "answer", id, answer: request.encoded ? JSON.stringify(answer) : answer });
    } catch (error) {
      if (error instanceof DsecosError) {
        say({ kind: "refused", id, code: error.code, message: error.message });
      } else {
        say({ kind: "failed", id, error: error instanceof Error ? `${error.stack}` : `${error}` });
      }
    }
  }

  async #answer(request: Request): Promise<unknown> {
    const size = this.#index.refresh(request.size);
    switch (request.kind) {
      case "list": {
        const { filter, scope } = request.ask;
        const before = filter.cursor === "" ? undefined : placeOf(filter.cursor);
        const page = { before, from: filter.after ?? 0, limit: filter.limit };
        const wanted = wantedOf(filter, scope);
        return inTurns(list(this.#index, this.#reader, wanted, this.#reads, page));
      }
      case "summary": {
        const { filter, scope } = request.ask;
        const wanted = wantedOf(filter, scope);
        return inTurns(summarize(this.#index, this.#reader, wanted, this.#reads));
      }
      case "show":
        return show(this.#directory, this.#reader, size, request.ask.index);
      case "consistency": {
        const { from, to } = request.ask;
        const hashes = treeHashes(this.#directory, this.#reader, to);
        return consistencyProof(hashes, from, to).map((bytes) => bytes.toString("base64"));
      }
      case "raw": {
        const { from, count } = request.ask;
        const events = this.#reader.read(Math.max(from, this.#reader.first), count);
        return events
          .filter(({ index }) => index < size)
          .map(({ index, payload, salt, previous }) => ({
            index,
            payload: payload.toString("utf8"),
            hash: sha3Hex(Buffer.concat([payload, salt, previous])),
          }));
      }
      case "index":
        // One at a time, so that questions in between need not wait.
        while (this.#index.catchUp()) await turn();
        return null;
    }
  }
}

function placeOf(cursor: string): number {
  if (/^(0|[1-9][0-9]{0,14})$/.test(cursor)) return Number(cursor);
  throw new DsecosError("InvalidArgument", "This cursor is not from a page of the audit log.");
}

/** Only ever down: an agent that was started with less than this goes on with what it has. */
function yieldBy(nice: number): void {
  if (getPriority() >= nice) return;
  try {
    setPriority(nice);
  } catch {
    // Where the sandbox does not let us, it goes on as it is: this only helps others.
  }
}

function serve(settings: ReaderSettings | VerificationSettings | ExportSettings): void {
  if (servesAsVerifier()) return;
  if (settings.task === "export") {
    yieldBy(niceness.verifying);
    void runExport(settings);
    return;
  }
  if (settings.task === "verify") {
    yieldBy(niceness.verifying);
    void runVerification(settings);
    return;
  }
  yieldBy(niceness.reading);
  const thread = new ReaderThread(settings);
  parentPort?.on("message", (request: Request) => void thread.take(request));
}

serve(workerData);
