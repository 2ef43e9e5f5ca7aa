/** Reads the files in which a policy says how paths are labelled; see selabel_file(5). */

export const fileKinds = ["dir", "chr", "blk", "sock", "fifo", "lnk", "reg"] as const;
export type FileKind = (typeof fileKinds)[number];

export interface Entry {
  /** As written: an expression over the whole path. */
  readonly expression: string;
  /** Undefined for files of all kinds. */
  readonly kind: FileKind | undefined;
  /** Undefined for `<<none>>`: such files are left as they are. */
  readonly context: string | undefined;
  /** The path itself where the expression has no special characters. */
  readonly literal: string | undefined;
  /** Which of the files it stands in, and where there. */
  readonly file: number;
  readonly line: number;
}

export interface Substitution {
  readonly from: string;
  readonly to: string;
}

/** A line that says something else than it should; libselinux would refuse the whole file. */
export class LabelsError extends Error {
  override name = "LabelsError";
}

const kinds: Readonly<Record<string, FileKind>> = {
  "-b": "blk",
  "-c": "chr",
  "-d": "dir",
  "-p": "fifo",
  "-l": "lnk",
  "-s": "sock",
  "--": "reg",
};

/**
 * @param file its place in the order of file_contexts, .homedirs, .local
 * @throws LabelsError that names the line
 */
export function parseEntries(text: string, file: number, name: string): Entry[] {
  const entries: Entry[] = [];
  text.split("\n").forEach((written, index) => {
    const line = index + 1;
    const words = written.split(/[ \t\v\f\r]+/).filter((word) => word !== "");
    const [expression, second, third] = words;
    if (expression === undefined || expression.startsWith("#")) return;
    if (second === undefined) throw new LabelsError(`${name}: line ${line} has no context`);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
    if (/[^\x00-\x7f]/.test(words.slice(0, 3).join("")))
      throw new LabelsError(`${name}: line ${line} has characters that are not ASCII`);
    const kind = third === undefined ? undefined : kinds[second];
    if (third !== undefined && kind === undefined)
      throw new LabelsError(`${name}: line ${line} has an unknown kind of file, ${second}`);
    const context = third ?? second;
    entries.push({
      ...{ expression, kind, file, line },
      context: context === "<<none>>" ? undefined : context,
      literal: simplify(expression),
    });
  });
  return entries;
}

const special = new Set(".^$?*+|[({])}");
/** After a backslash, those stand for themselves; others make it an expression. */
const escapable = new Set(".^$?*+|[({])}-_,");

/** @returns the text that it stands for, where it can match one text only */
export function simplify(expression: string): string | undefined {
  let literal = "";
  for (let at = 0; at < expression.length; at++) {
    let character = expression[at] ?? "";
    if (special.has(character)) return undefined;
    if (character === "\\") {
      at += 1;
      character = expression[at] ?? "";
      if (!escapable.has(character)) return undefined;
    }
    literal += character;
  }
  return literal;
}

/** Behind one of these, what stands before may be left out or be something else. */
const counted = new Set("?*{");

/** What every path begins with that an expression matches, as far as that is plain to see. */
export function prefixOf(expression: string): string {
  if (hasChoice(expression)) return "";
  let prefix = "";
  for (let at = 0; at < expression.length; at++) {
    let character = expression[at] ?? "";
    if (special.has(character)) break;
    if (character === "\\") {
      at += 1;
      character = expression[at] ?? "";
      if (!escapable.has(character)) break;
    }
    if (counted.has(expression[at + 1] ?? "")) break;
    prefix += character;
  }
  return prefix;
}

/** Whether there is a choice that is not in brackets, so that it is of the whole expression. */
function hasChoice(expression: string): boolean {
  let depth = 0;
  for (let at = 0; at < expression.length; at++) {
    const character = expression[at];
    if (character === "\\") at += 1;
    else if (character === "(") depth += 1;
    else if (character === ")") depth -= 1;
    else if (character === "|" && depth <= 0) return true;
  }
  return false;
}

export function parseSubstitutions(text: string): Substitution[] {
  return text.split("\n").flatMap((line) => {
    const [from, to] = line.split(/[ \t\v\f\r]+/).filter((word) => word !== "");
    if (from === undefined || from.startsWith("#") || to === undefined) return [];
    return [{ from, to }];
  });
}

/** The first that fits counts, for a whole part of the path. */
export function substitute(path: string, all: readonly Substitution[]): string | undefined {
  for (const { from, to } of all) {
    if (!path.startsWith(from)) continue;
    const rest = path.slice(from.length);
    if (rest !== "" && !rest.startsWith("/")) continue;
    return to + (to === "/" && rest !== "" ? rest.slice(1) : rest);
  }
  return undefined;
}
