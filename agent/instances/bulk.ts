/** One job over many instances: a few at a time, each with its own result. */
import { DsecosError } from "../bus/errors.ts";
import type { JobProgress } from "../jobs/types.ts";
import { forEachBounded } from "../tenants/locks.ts";

/** More at once would overload Incus, which creates networks and volumes one after the other. */
const width = 4;

/**
 * Runs the work for each name and tells the job what came of it. What has not begun when somebody
 * cancels is left out. With a single name its error is the job's.
 */
export async function forEachInstance(
  progress: JobProgress,
  names: readonly string[],
  doing: string,
  work: (name: string) => Promise<void>,
): Promise<void> {
  progress.total(names.length);
  await forEachBounded(names, width, async (name) => {
    if (progress.signal.aborted) return;
    progress.step(`${doing} ${name}`);
    try {
      await work(name);
      progress.finished(name);
    } catch (error) {
      if (!(error instanceof DsecosError)) throw error;
      progress.finished(name, error.message);
      if (names.length === 1) throw error;
    }
  });
}
