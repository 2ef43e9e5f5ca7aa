/** Files behind denials that have another label than they should: often the reason. */
import { explain, type Log } from "../../log.ts";
import { Cache } from "../../node/cache.ts";
import type { DenialGroup } from "../denials/groups.ts";
import type { MislabelledFile } from "./answers.ts";
import { checkLabels, type LabelPolicy, readLabelPolicy } from "./check.ts";

/** What a denial's explanation needs of a file. */
export type Culprit = Pick<MislabelledFile, "path" | "found" | "restored">;

export interface CulpritParts {
  readonly log: Log;
  /** Directory of the policy on disk; undefined where there is none. */
  readonly store: () => Promise<string | undefined>;
}

/** file_contexts are read again after this time, in milliseconds. */
const lifetimeMs = 30_000;
const mostKept = 1_000;
/** Classes of objects that have a path. */
const files: ReadonlySet<string> = new Set([
  ...["file", "dir", "lnk_file", "chr_file", "blk_file", "sock_file", "fifo_file"],
]);

export class Culprits {
  readonly #log: Log;
  readonly #policy: Cache<LabelPolicy | undefined>;
  readonly #reported: () => readonly MislabelledFile[];
  readonly #found = new Set<string>();

  /** @param reported what the newest check of labels found */
  constructor({ log, store }: CulpritParts, reported: () => readonly MislabelledFile[]) {
    this.#log = log;
    this.#reported = reported;
    this.#policy = new Cache(lifetimeMs, async () => {
      const directory = await store();
      return directory === undefined ? undefined : await readLabelPolicy(directory);
    });
  }

  /** Whether a file was told as one. */
  has(path: string): boolean {
    return this.#found.has(path);
  }

  /** @returns in the order of the groups */
  async of(groups: readonly DenialGroup[]): Promise<Culprit[][]> {
    const onHost = await this.#onHost(groups.flatMap((group) => pathsOnHost(group)));
    return groups.map((group) => {
      const found = [
        ...pathsOnHost(group).flatMap((path) => onHost.get(path) ?? []),
        ...this.#inPool(group),
      ];
      for (const { path } of found) this.#remember(path);
      return found;
    });
  }

  async #onHost(paths: readonly string[]): Promise<Map<string, Culprit>> {
    if (paths.length === 0) return new Map();
    try {
      const policy = await this.#policy.get();
      if (policy === undefined) return new Map();
      const { mislabelled } = await checkLabels(policy, [...new Set(paths)]);
      return new Map(
        mislabelled.map(({ path, found = "", restored }) => [path, { path, found, restored }]),
      );
    } catch (error) {
      // Denials are explained all the same, only not by this.
      this.#log("warning", "labels of denied files are not known", { error: explain(error) });
      return new Map();
    }
  }

  /**
   * A tenant's process tells paths as it sees them, below its own root: of the files that the check
   * found in the tenant's pool, those whose path ends like that.
   */
  #inPool({ sourceSlot, paths, class: of }: DenialGroup): Culprit[] {
    if (sourceSlot === undefined || !files.has(of)) return [];
    const ends = paths.filter((path) => path.startsWith("/") && path.length > 1);
    return this.#reported()
      .filter(({ slot, path }) => slot === sourceSlot && ends.some((end) => path.endsWith(end)))
      .map(({ path, found, restored }) => ({ path, found, restored }));
  }

  #remember(path: string): void {
    if (this.#found.size >= mostKept) this.#found.clear();
    this.#found.add(path);
  }
}

function pathsOnHost({ sourceSlot, paths, class: of }: DenialGroup): string[] {
  if (sourceSlot !== undefined || !files.has(of)) return [];
  return paths.filter((path) => path.startsWith("/"));
}
