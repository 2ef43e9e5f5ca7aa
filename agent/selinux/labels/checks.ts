/** The newest check of labels: made at the start, when a policy is loaded, every hour, on demand. */
import { randomBytes } from "node:crypto";
import type { AuditWriter } from "../../audit/types.ts";
import { DsecosError, sentenceFor } from "../../bus/errors.ts";
import { SingleJob } from "../../jobs/single.ts";
import type { JobProgress, Jobs } from "../../jobs/types.ts";
import { explain, type Log } from "../../log.ts";
import type { System } from "../../node/system.ts";
import type { SlotHolders } from "../holders.ts";
import { readLabelPolicy } from "./check.ts";
import { checkDomains } from "./domains.ts";
import { checkFiles } from "./files.ts";
import { type Place, placesOf } from "./places.ts";
import { readProcesses } from "./processes.ts";
import { type LabelResult, neverChecked, stateOf, Unknowns } from "./report.ts";
import { randomOf } from "./sample.ts";

export const checkedAction = "selinux.LabelsChecked";
const hourMs = 3_600_000;
/** Wrong processes that are kept, and things of each kind that go on record. */
const mostProcesses = 200;
const mostRecorded = 20;
/** Of a path on record, in characters. */
const longest = 300;

export interface LabelParts {
  readonly jobs: Jobs;
  readonly audit: AuditWriter;
  readonly log: Log;
  readonly system: System;
  readonly slotHolders: SlotHolders;
  /** Directory of the policy on disk, as for file_contexts; undefined where there is none. */
  readonly store: () => Promise<string | undefined>;
  readonly changed: () => void;
  readonly places?: (slots: Iterable<number>) => Place[];
}

interface Asker {
  readonly actor: string;
  readonly uid: number;
  /** Of the job. */
  readonly call?: string;
}

type Progress = Pick<JobProgress, "signal" | "step" | "total" | "reached">;

export class LabelChecks {
  readonly #parts: LabelParts;
  #last: LabelResult = neverChecked;
  #running: Promise<unknown> | undefined;
  readonly #job: SingleJob;
  #hourly: NodeJS.Timeout | undefined;

  constructor(parts: LabelParts) {
    this.#parts = parts;
    this.#job = new SingleJob(parts.jobs);
  }

  get last(): LabelResult {
    return this.#last;
  }

  /** A policy was loaded, or is there at the start: labels are checked now and every hour. */
  begin(): void {
    this.end();
    this.#hourly = setInterval(() => this.#byItself(), hourMs).unref();
    this.#byItself();
  }

  end(): void {
    clearInterval(this.#hourly);
  }

  /** @returns id of the job, the one that runs already if there is one */
  start(kind: string, actor: string, uid: number): string {
    const request = { kind, title: "Check that what runs carries the types", actor, uid };
    return this.#job.start(request, async (progress) => {
      const found = await this.#check({ actor, uid, call: progress.id }, progress);
      const { state, processes, files } = found;
      const what = `${processes.checked} processes and ${files.checked} files`;
      progress.finished(what, state === "right" ? undefined : sentenceOf(found));
    });
  }

  #byItself(): void {
    const self = { actor: "agent", uid: process.getuid?.() ?? 0 };
    this.#check(self).catch((error) => {
      this.#parts.log("error", "labels could not be checked", { error: explain(error) });
    });
  }

  async #check(asker: Asker, progress?: Progress): Promise<LabelResult> {
    // Two at once would read everything twice.
    await this.#running?.catch(() => {});
    const running = this.#work(asker, progress);
    this.#running = running;
    return await running;
  }

  async #work(asker: Asker, progress?: Progress): Promise<LabelResult> {
    const began = performance.now();
    const ended = () => ({
      at: new Date().toISOString(),
      actor: asker.actor,
      seconds: Math.round((performance.now() - began) / 100) / 10,
    });
    try {
      const found = await this.#look(progress);
      const result = { ...found, ...ended() };
      await this.#file(asker, result);
      return result;
    } catch (error) {
      if (progress?.signal.aborted !== true) {
        const failed = { state: "failed" as const, error: sentenceFor(error) };
        await this.#file(asker, { ...neverChecked, ...ended(), ...failed });
      }
      throw error;
    }
  }

  async #look(progress?: Progress): Promise<Omit<LabelResult, "at" | "actor" | "seconds">> {
    const { system, slotHolders, store, places = placesOf } = this.#parts;
    const seed = randomBytes(8).toString("hex");
    const unknowns = new Unknowns();
    const holders = slotHolders();
    progress?.step("Read what runs, and as what");
    const processes = await readProcesses(system);
    if (processes === undefined) {
      const message =
        "SELinux is not active on this machine, so that nothing has a label to check.";
      throw new DsecosError("Unavailable", message);
    }
    const slots = new Map([...holders].map(([slot, tenant]) => [tenant, slot]));
    const domains = checkDomains(processes.list, slots, process.pid);
    for (const { what, reason } of domains.unknown) unknowns.add(reason, what);
    for (const { pid, reason } of processes.unknown) unknowns.add(reason, `process ${pid}`);
    const directory = await store();
    if (directory === undefined) {
      const message =
        "There is no policy on the disk whose file_contexts say what labels to expect.";
      throw new DsecosError("Unavailable", message);
    }
    const where = places(holders.keys());
    progress?.step("Look at files of tenants and of the host");
    progress?.total(where.length);
    const files = await checkFiles({
      ...{ policy: await readLabelPolicy(directory), places: where, unknowns },
      random: randomOf(seed),
      signal: progress?.signal,
      looked: (done) => progress?.reached(done),
    });
    const { places: looked, ...sums } = files;
    const found = {
      ...{ error: "", seed, policy: directory, places: looked },
      processes: {
        checked: domains.checked,
        wrong: domains.wrong.length,
        unknown: domains.unknown.length + processes.unknown.length,
        tenants: domains.tenants,
        list: domains.wrong.slice(0, mostProcesses),
      },
      files: sums,
      unknown: unknowns.list(),
    };
    return { ...found, state: stateOf(found) };
  }

  async #file({ actor, uid, call }: Asker, result: LabelResult): Promise<void> {
    this.#last = result;
    this.#parts.changed();
    await this.#parts.audit.append({
      action: checkedAction,
      outcome: result.state === "right" ? "success" : "failure",
      ...{ actor, uid, call },
      details: { labels: bounded(result) },
      ...(result.state === "right" ? {} : { error: sentenceOf(result) }),
    });
  }
}

function sentenceOf({ error, processes, files, unknown }: LabelResult): string {
  if (error !== "") return error;
  const parts: string[] = [];
  if (processes.wrong > 0) parts.push(`${processes.wrong} processes run in the wrong domain`);
  if (files.wrong > 0) parts.push(`${files.wrong} files have the wrong label`);
  const open = unknown.reduce((sum, { count }) => sum + count, 0);
  if (open > 0) parts.push(`${open} things could not be found out`);
  if (processes.checked === 0) parts.push("no process was checked");
  if (files.checked === 0) parts.push("no file was checked");
  return `${parts.join(", ")}.`;
}

/** With as much of it as the log takes. */
function bounded({ files, processes, unknown, places, ...rest }: LabelResult) {
  const list = files.list.slice(0, mostRecorded);
  return {
    ...rest,
    processes: { ...processes, list: processes.list.slice(0, mostRecorded) },
    files: { ...files, list: list.map((file) => ({ ...file, path: file.path.slice(0, longest) })) },
    unknown: unknown.slice(0, mostRecorded),
    places: places.length,
  };
}
