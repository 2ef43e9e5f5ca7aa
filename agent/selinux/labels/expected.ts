/**
 * Which context a path should have, by the rules of libselinux 3.8 (label_file.c), which Debian 13
 * has: an entry without special characters that is the path goes before all others, of two such the
 * first, even where the second stands in file_contexts.local; of those with
 * expressions the one that stands last counts, where entries of file_contexts.local stand behind
 * those of .homedirs and these behind file_contexts. Entries are kept in a tree by the first three
 * fixed parts of their paths, as libselinux does, because `<<none>>` ends the search where it is met.
 */
import { readFile } from "node:fs/promises";
import {
  type Entry,
  type FileKind,
  fileKinds,
  parseEntries,
  parseSubstitutions,
  prefixOf,
  type Substitution,
  simplify,
  substitute,
} from "./entries.ts";

export type Expected =
  | { readonly context: string; readonly by: Entry }
  /** No entry says anything, or one says that such files are left alone. */
  | { readonly context: undefined; readonly by: Entry | undefined };

/** What stands in the files, by their names' ends; `""` is file_contexts itself. */
export interface LabelFiles {
  readonly "": string;
  readonly ".homedirs"?: string | undefined;
  readonly ".local"?: string | undefined;
  readonly ".subs"?: string | undefined;
  readonly ".subs_dist"?: string | undefined;
}

const ends = ["", ".homedirs", ".local", ".subs", ".subs_dist"] as const;
const deepest = 3;

interface Node {
  readonly children: Map<string, Node>;
  readonly literals: Map<string, Entry[]>;
  /** In the order of the files, each with what its paths begin with. */
  readonly expressions: Entry[];
  readonly prefixes: string[];
  /** Those of them that may match below a directory, in their order. */
  near?: { readonly directory: string; readonly entries: readonly Entry[] };
}

export class FileLabels {
  readonly #root = node();
  readonly #local: readonly Substitution[];
  readonly #distribution: readonly Substitution[];
  readonly #compiled = new Map<Entry, RegExp>();
  /** How many entries there are. */
  readonly size: number;

  /** @throws LabelsError for a line that libselinux would refuse */
  constructor(files: LabelFiles) {
    const entries = [
      ...parseEntries(files[""], 0, "file_contexts"),
      ...parseEntries(files[".homedirs"] ?? "", 1, "file_contexts.homedirs"),
      ...parseEntries(files[".local"] ?? "", 2, "file_contexts.local"),
    ];
    for (const entry of entries) this.#insert(entry);
    this.size = entries.length;
    this.#local = parseSubstitutions(files[".subs"] ?? "");
    this.#distribution = parseSubstitutions(files[".subs_dist"] ?? "");
  }

  /**
   * @param path absolute; symbolic links in it are not followed
   * @param kind undefined where it is not known: then entries of all kinds count
   * @throws SyntaxError for an entry with an expression that is not understood here
   */
  expected(path: string, kind: FileKind | undefined): Expected {
    const key = this.#key(path);
    let node: Node = this.#root;
    const way: Node[] = [node];
    for (const part of key.split("/").slice(1, -1)) {
      const child = part === "" ? undefined : node.children.get(part);
      if (child === undefined) break;
      node = child;
      way.push(node);
    }
    const literal = node.literals.get(key)?.find((entry) => fits(entry, kind));
    if (literal !== undefined) return result(literal);
    return this.#byExpression(way, key, kind);
  }

  #byExpression(way: readonly Node[], key: string, kind: FileKind | undefined): Expected {
    let best: Entry | undefined;
    for (const node of way.toReversed()) {
      const near = nearOf(node, key);
      for (let at = near.length - 1; at >= 0; at--) {
        const entry = near[at];
        if (entry === undefined || (best !== undefined && isBefore(entry, best))) break;
        if (!fits(entry, kind) || !this.#compile(entry).test(key)) continue;
        if (entry.context === undefined) return result(entry);
        best = entry;
        break;
      }
    }
    return result(best);
  }

  /** Without double and last slashes, and under the name that the policy knows it by. */
  #key(path: string): string {
    if (!path.startsWith("/")) throw new TypeError(`${path} is no absolute path`);
    // One character for a byte, as libselinux compares.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what needs no change
    const bytes = /^[\x00-\x7f]*$/.test(path) ? path : Buffer.from(path).toString("latin1");
    const clean = bytes.replaceAll(/\/{2,}/g, "/").replace(/(.)\/$/, "$1");
    const local = substitute(clean, this.#local) ?? clean;
    return substitute(local, this.#distribution) ?? local;
  }

  #insert(entry: Entry): void {
    const at = this.#place(entry);
    if (entry.literal === undefined) {
      at.expressions.push(entry);
      at.prefixes.push(prefixOf(entry.expression));
      return;
    }
    const same = at.literals.get(entry.literal) ?? [];
    same.push(entry);
    at.literals.set(entry.literal, same.sort(byKind));
  }

  #place({ expression, literal }: Entry): Node {
    let place: Node = this.#root;
    let depth = 0;
    const parts = (literal ?? expression).split("/");
    if (parts[0] !== "" && literal !== undefined) return place;
    for (const part of parts.slice(1, -1)) {
      if (part === "") continue;
      const stem = literal === undefined ? simplify(part) : part;
      if (stem === undefined || depth === deepest) break;
      const next: Node = place.children.get(stem) ?? node();
      place.children.set(stem, next);
      place = next;
      depth += 1;
    }
    return place;
  }

  #compile(entry: Entry): RegExp {
    const known = this.#compiled.get(entry);
    if (known !== undefined) return known;
    // As libselinux: anchored without brackets around, and the end may be before a last newline.
    const made = new RegExp(`^${entry.expression}\\n?$`, "s");
    this.#compiled.set(entry, made);
    return made;
  }
}

function node(): Node {
  return { children: new Map(), literals: new Map(), expressions: [], prefixes: [] };
}

/**
 * The expressions that may match a path, by what their paths begin with. A thousand tenants have
 * three each in one node, and paths that are asked for one after the other mostly lie together: so
 * what may match below a directory is kept until another is asked for.
 */
function nearOf(node: Node, key: string): readonly Entry[] {
  const directory = ancestorOf(key);
  if (node.near?.directory !== directory) {
    const entries = node.expressions.filter((_, at) => {
      const prefix = node.prefixes[at] ?? "";
      return directory.startsWith(prefix) || prefix.startsWith(directory);
    });
    node.near = { directory, entries };
  }
  return node.near.entries;
}

/** The first five parts of a path, as many as lead to the pool of a tenant; or all of it. */
function ancestorOf(key: string): string {
  let end = 0;
  for (let part = 0; part < 5; part++) {
    end = key.indexOf("/", end + 1);
    if (end < 0) return key;
  }
  return key.slice(0, end);
}

function fits(entry: Entry, kind: FileKind | undefined): boolean {
  return kind === undefined || entry.kind === undefined || entry.kind === kind;
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.file < other.file || (one.file === other.file && one.line < other.line);
}

/** libselinux numbers the kinds so, and takes the highest first; those for all kinds come last. */
function byKind(one: Entry, other: Entry): number {
  const rank = ({ kind }: Entry) => (kind === undefined ? -1 : fileKinds.indexOf(kind));
  return rank(other) - rank(one);
}

function result(by: Entry | undefined): Expected {
  const context = by?.context;
  return by === undefined || context === undefined ? { context: undefined, by } : { context, by };
}

/**
 * Reads the texts. What sefcontext_compile(8) made of them (.bin) is taken to say the same.
 *
 * @param path of file_contexts; the others lie beside it
 * @throws the system's error when it cannot be read; those beside it may be missing
 */
export async function readFileLabels(path: string): Promise<FileLabels> {
  const texts = await Promise.all(
    ends.map(async (end) => {
      try {
        return [end, await readFile(path + end, "latin1")] as const;
      } catch (error) {
        if (end !== "" && (error as NodeJS.ErrnoException).code === "ENOENT")
          return [end, ""] as const;
        throw error;
      }
    }),
  );
  return new FileLabels(Object.fromEntries(texts) as unknown as LabelFiles);
}
