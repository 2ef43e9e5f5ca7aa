/**
 * Exports as jobs: the file lies in a directory of its own, belongs to who asked for it, and is
 * removed after a week.
 */
import { chmod, chown, mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { Caller } from "../../bus/call.ts";
import { DsecosError } from "../../bus/errors.ts";
import type { JobProgress, Jobs } from "../../jobs/types.ts";
import { explain, type Log } from "../../log.ts";
import type { BundleResult } from "../bundle/request.ts";
import { readerProgram } from "../queries/client.ts";
import type { ExportMessage, ExportSettings } from "./run.ts";
import type { ExportSpec } from "./spec.ts";

const week = 7 * 86_400_000;
/** Exports that run at once; each has a thread. */
const mostRunning = 2;
/** For V8. */
const limits = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 16 };
const endings = { whole: "tar", disclosed: "tar", tiles: "tar", ecs: "ndjson" } as const;

export interface ExportsOptions {
  /** Of the log. */
  directory: string;
  exportDirectory: string;
  jobs: Jobs;
  log: Log;
  /** The thread's program; beside the agent's unless told. */
  program?: URL;
}

export class Exports {
  readonly #options: ExportsOptions;
  #running = 0;

  constructor(options: ExportsOptions) {
    this.#options = options;
  }

  /** @returns the job's id. @throws DsecosError Unavailable when two run already. */
  start(kind: string, spec: ExportSpec, caller: Caller): string {
    if (this.#running >= mostRunning) {
      const text = `${mostRunning} exports run already; wait for one to end, or cancel it.`;
      throw new DsecosError("Unavailable", text);
    }
    this.#running += 1;
    const about = spec.tenant === undefined ? "the audit log" : `the record of ${spec.tenant}`;
    const request = {
      kind,
      title: `Export ${about} (${spec.form})`,
      actor: caller.user,
      uid: caller.uid,
      cancellable: true,
      ...(spec.tenant === undefined ? {} : { tenant: spec.tenant }),
    };
    return this.#options.jobs.start(request, async (progress) => {
      try {
        await this.#work(progress, spec, caller.uid);
      } finally {
        this.#running -= 1;
      }
    });
  }

  async #work(progress: JobProgress, spec: ExportSpec, uid: number): Promise<void> {
    const { directory, exportDirectory } = this.#options;
    await mkdir(exportDirectory, { recursive: true, mode: 0o711 });
    await this.#removeOld();
    const target = join(exportDirectory, `${progress.id}.${endings[spec.form]}`);
    progress.total(100);
    progress.step("Reading the log");
    try {
      const settings: ExportSettings = { task: "export", directory, target, spec };
      const { events } = await this.#run(settings, progress);
      await chmod(target, 0o400);
      await chown(target, uid, 0);
      progress.step(`${events} events`);
      progress.finished(target);
      progress.reached(100);
    } catch (error) {
      await rm(target, { force: true });
      throw error;
    }
  }

  #run(workerData: ExportSettings, progress: JobProgress): Promise<BundleResult> {
    const { program = readerProgram(), log } = this.#options;
    return new Promise((resolve, reject) => {
      const worker = new Worker(program, { workerData, resourceLimits: limits });
      worker.on("message", (message: ExportMessage) => {
        if (message.kind === "progress") progress.reached(Math.floor(message.part * 99));
        else if (message.kind === "done") resolve(message.result);
        else reject(failure(message, workerData.target, log));
      });
      worker.on("error", reject);
      worker.on("exit", () => reject(new Error("the exporting thread ended without a result")));
      progress.signal.addEventListener("abort", () => {
        void worker.terminate();
        reject(new DsecosError("Conflict", "The export was cancelled."));
      });
    });
  }

  async #removeOld(): Promise<void> {
    const { exportDirectory, log } = this.#options;
    for (const name of await readdir(exportDirectory)) {
      const path = join(exportDirectory, name);
      try {
        if (Date.now() - (await stat(path)).mtimeMs > week) await rm(path);
      } catch (error) {
        log("warning", "an old export could not be removed", { path, error: explain(error) });
      }
    }
  }
}

type Failed = Extract<ExportMessage, { kind: "failed" }>;

function failure({ error, known, code }: Failed, target: string, log: Log): Error {
  if (known) return new DsecosError("Conflict", error);
  log("error", "an export broke off", { error });
  const todo =
    code === "ENOSPC"
      ? `The disk is full: free space on the file system of ${target}.`
      : "The export broke off; see the journal of dsecos-agent, and verify the log.";
  return new DsecosError("Unavailable", todo);
}
