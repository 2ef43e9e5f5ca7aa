/** Restores labels of files on demand, each with what it had before on record. */
import type { AuditWriter } from "../../audit/types.ts";
import type { Call } from "../../bus/call.ts";
import { DsecosError } from "../../bus/errors.ts";
import type { JobProgress, Jobs } from "../../jobs/types.ts";
import { readLabelPolicy } from "./check.ts";
import { isGuarded } from "./places.ts";
import { type Relabelled, relabel } from "./relabel.ts";

export const restoredAction = "selinux.LabelsRestored";
/** Bytes of one entry on record; the log takes 16 KiB of details. */
const mostOfOneEntry = 12_000;

export interface RestoreParts {
  readonly jobs: Jobs;
  readonly audit: AuditWriter;
  /** Directory of the policy on disk; undefined where there is none. */
  readonly store: () => Promise<string | undefined>;
  /** Whether the agent itself told that this file is mislabelled. */
  readonly told: (path: string) => boolean;
  /** Whether files may be restored there, told or not. */
  readonly allowed?: (path: string) => boolean;
}

/** @returns the id of the job. @throws DsecosError for a path that is not to be touched */
export async function startRestore(
  parts: RestoreParts,
  { caller, member, id }: Call,
  paths: readonly string[],
): Promise<string> {
  const { jobs, store, told, allowed = isGuarded } = parts;
  const all = [...new Set(paths)];
  const other = all.find((path) => !allowed(path) && !told(path));
  if (other !== undefined) {
    const message = `${other} is neither in a guarded place nor was it found mislabelled; check labels first, or use restorecon on the node.`;
    throw new DsecosError("InvalidArgument", message);
  }
  const directory = await store();
  if (directory === undefined) {
    const message = "There is no policy on the disk whose file_contexts say what labels to expect.";
    throw new DsecosError("Unavailable", message);
  }
  const { user: actor, uid } = caller;
  const title = all.length === 1 ? `Restore the label of ${all[0]}` : "Restore labels of files";
  return jobs.start({ kind: member, title, actor, uid }, async (progress) => {
    const record = (files: readonly Relabelled[]) =>
      recorded(parts.audit, { actor, uid, id }, files);
    await restore(directory, all, progress, record);
  });
}

async function restore(
  directory: string,
  paths: readonly string[],
  progress: JobProgress,
  record: (files: readonly Relabelled[]) => Promise<void>,
): Promise<void> {
  progress.total(paths.length);
  progress.step("Read what the policy says");
  const policy = await readLabelPolicy(directory);
  progress.step("Set labels and read them back");
  let done: Relabelled[] = [];
  let bytes = 0;
  const flush = async () => {
    const files = done;
    [done, bytes] = [[], 0];
    if (files.length > 0) await record(files);
  };
  try {
    for (const path of paths) {
      if (progress.signal.aborted) return;
      const result = await relabel(policy, path);
      const size = Buffer.byteLength(JSON.stringify(result));
      if (bytes + size > mostOfOneEntry) await flush();
      done.push(result);
      bytes += size;
      progress.finished(path, result.error);
    }
  } finally {
    await flush();
  }
}

/** With what each had before, so that it can be undone. */
async function recorded(
  audit: AuditWriter,
  { actor, uid, id: call }: { actor: string; uid: number; id: string },
  files: readonly Relabelled[],
): Promise<void> {
  const failed = files.filter(({ error }) => error !== undefined).length;
  await audit.append({
    action: restoredAction,
    outcome: failed === 0 ? "success" : "failure",
    ...{ actor, uid, call },
    details: { files },
    ...(failed === 0 ? {} : { error: `${failed} of ${files.length} were not restored.` }),
  });
}
