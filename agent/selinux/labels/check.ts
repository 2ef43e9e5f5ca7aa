/** Compares the labels that files have with those that the policy's file_contexts say. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DsecosError } from "../../bus/errors.ts";
import { parseContext } from "../context.ts";
import { type ActualLabel, readLabels } from "./actual.ts";
import { type Entry, type FileKind, LabelsError } from "./entries.ts";
import { type Expected, type FileLabels, readFileLabels } from "./expected.ts";

export interface Mislabelled {
  readonly path: string;
  readonly kind: FileKind;
  /** Undefined where it has no label. */
  readonly found: string | undefined;
  readonly expected: string;
  /** What restorecon would set: it changes the type and leaves user, role and level. */
  readonly restored: string;
  /** The entry that says so. */
  readonly by: Entry;
}

export interface LabelReport {
  readonly checked: number;
  /** In the order of the paths, at most as many as was asked for. */
  readonly mislabelled: readonly Mislabelled[];
  readonly mislabelledCount: number;
  /** Types that an administrator may give on purpose, so that restorecon leaves them. */
  readonly customized: number;
  /** The policy says nothing of them. */
  readonly unspecified: number;
  /** What could not be found out, and why; such files are not called right. */
  readonly unknown: readonly { readonly path: string; readonly reason: string }[];
}

export interface LabelPolicy {
  readonly labels: FileLabels;
  /** Of contexts/customizable_types. */
  readonly customizable: ReadonlySet<string>;
}

/**
 * @param directory of the policy, for example `/etc/selinux/enterprise`
 * @throws DsecosError that says what is wrong with the store, or the system's error
 */
export async function readLabelPolicy(directory: string): Promise<LabelPolicy> {
  try {
    const [labels, types] = await Promise.all([
      readFileLabels(join(directory, "contexts/files/file_contexts")),
      readFile(join(directory, "contexts/customizable_types"), "latin1"),
    ]);
    const names = types.split("\n").map((line) => line.trim());
    return { labels, customizable: new Set(names.filter((name) => name !== "")) };
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    const reason =
      error instanceof LabelsError
        ? `${directory} has labels that cannot be understood: ${error.message}`
        : code === "ENOENT"
          ? `${path} is missing, so that nobody knows how files are labelled`
          : undefined;
    if (reason === undefined) throw error;
    const what = `${reason}. Load and confirm a policy, which writes the store anew.`;
    throw new DsecosError("Unavailable", what, { cause: error });
  }
}

/**
 * @param most of the mislabelled ones that are told; all are counted
 * @throws when stat(1) cannot be run
 */
export async function checkLabels(
  policy: LabelPolicy,
  paths: readonly string[],
  most = 1_000,
): Promise<LabelReport> {
  const { found, missing } = await readLabels(paths);
  const unknown = missing.map((path) => ({ path, reason: "it is gone or may not be looked at" }));
  const mislabelled: Mislabelled[] = [];
  let [mislabelledCount, customized, unspecified] = [0, 0, 0];
  for (const actual of found) {
    const verdict = judge(policy, actual);
    if (verdict.is === "unknown") unknown.push({ path: actual.path, reason: verdict.reason });
    else if (verdict.is === "customized") customized += 1;
    else if (verdict.is === "unspecified") unspecified += 1;
    else if (verdict.is === "mislabelled") {
      mislabelledCount += 1;
      if (mislabelled.length < most) mislabelled.push(verdict.as);
    }
  }
  const checked = found.length;
  return { checked, mislabelled, mislabelledCount, customized, unspecified, unknown };
}

export type LabelVerdict =
  | { readonly is: "right" | "customized" | "unspecified" }
  | { readonly is: "mislabelled"; readonly as: Mislabelled }
  | { readonly is: "unknown"; readonly reason: string };

/** As restorecon without `-F` decides. */
export function judge({ labels, customizable }: LabelPolicy, actual: ActualLabel): LabelVerdict {
  const { path, kind, context: found } = actual;
  let expected: Expected;
  try {
    expected = labels.expected(path, kind);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { is: "unknown", reason: `file_contexts: ${error.message}` };
  }
  if (expected.context === undefined) return { is: "unspecified" };
  const { context, by } = expected;
  const to = parseContext(context);
  if (to === undefined) return { is: "unknown", reason: `${context} is no context` };
  const wrong = (restored: string): LabelVerdict => ({
    is: "mislabelled",
    as: { path, kind, found, expected: context, restored, by },
  });
  if (found === undefined) return wrong(context);
  const from = parseContext(found);
  if (from === undefined) return wrong(context);
  if (customizable.has(from.type)) return { is: "customized" };
  if (from.type === to.type) return { is: "right" };
  const range = from.range === "" ? "" : `:${from.range}`;
  return wrong(`${from.user}:${from.role}:${to.type}${range}`);
}
