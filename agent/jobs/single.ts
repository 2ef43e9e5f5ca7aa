/** Work of which one job at a time is enough. */
import type { JobProgress, JobRequest, Jobs } from "./types.ts";

export class SingleJob {
  readonly #jobs: Jobs;
  #id = "";

  constructor(jobs: Jobs) {
    this.#jobs = jobs;
  }

  /** @returns the id of the job, or of the one that runs already: who asks meanwhile shares it */
  start(request: JobRequest, work: (progress: JobProgress) => Promise<void>): string {
    if (this.#jobs.get(this.#id)?.state !== "running") this.#id = this.#jobs.start(request, work);
    return this.#id;
  }
}
