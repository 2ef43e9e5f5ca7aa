/**
 * Security contexts as the kernel writes them: `user:role:type:range`. The range may hold colons and
 * commas (`s0:c1,c5.c7-s0:c0.c1023`), so only the first three colons divide.
 */

export interface Context {
  readonly user: string;
  readonly role: string;
  readonly type: string;
  /** Empty where the policy has no levels. */
  readonly range: string;
}

/** Numbers of categories from the first to the last, both included. */
type Span = readonly [first: number, last: number];

export interface Level {
  readonly sensitivity: number;
  /** In order, without overlaps. */
  readonly categories: readonly Span[];
}

export interface Range {
  readonly low: Level;
  readonly high: Level;
}

/** Longer than any context that a policy with 1,024 categories makes. */
const mostCharacters = 8_192;
const part = /^[A-Za-z0-9_.@-]+$/;

/** @returns undefined for what is no context */
export function parseContext(text: string): Context | undefined {
  if (text.length > mostCharacters) return undefined;
  const first = text.indexOf(":");
  const second = text.indexOf(":", first + 1);
  if (first < 0 || second < 0) return undefined;
  const third = text.indexOf(":", second + 1);
  const user = text.slice(0, first);
  const role = text.slice(first + 1, second);
  const type = text.slice(second + 1, third < 0 ? text.length : third);
  const range = third < 0 ? "" : text.slice(third + 1);
  if (!part.test(user) || !part.test(role) || !part.test(type)) return undefined;
  if (third >= 0 && parseRange(range) === undefined) return undefined;
  return { user, role, type, range };
}

/** @returns undefined unless it is `sN[:cN[.cN],…]`, alone or as `low-high` */
export function parseRange(text: string): Range | undefined {
  const dash = text.indexOf("-");
  const low = parseLevel(dash < 0 ? text : text.slice(0, dash));
  const high = dash < 0 ? low : parseLevel(text.slice(dash + 1));
  return low === undefined || high === undefined ? undefined : { low, high };
}

function parseLevel(text: string): Level | undefined {
  const match = /^s(\d{1,4})(?::(c\d.*))?$/.exec(text);
  if (match === null) return undefined;
  const spans: Span[] = [];
  for (const item of match[2]?.split(",") ?? []) {
    const span = /^c(\d{1,5})(?:\.c(\d{1,5}))?$/.exec(item);
    if (span === null) return undefined;
    const first = Number(span[1]);
    const last = Number(span[2] ?? first);
    if (last < first) return undefined;
    spans.push([first, last]);
  }
  return { sensitivity: Number(match[1]), categories: joined(spans) };
}

function joined(spans: Span[]): Span[] {
  const all: Span[] = [];
  for (const span of spans.sort(([a], [b]) => a - b)) {
    const before = all.at(-1);
    if (before === undefined || span[0] > before[1] + 1) all.push(span);
    else all[all.length - 1] = [before[0], Math.max(before[1], span[1])];
  }
  return all;
}

/** Whether one level is at least as high as the other and has all its categories. */
export function dominates(one: Level, other: Level): boolean {
  if (one.sensitivity < other.sensitivity) return false;
  return other.categories.every(([first, last]) =>
    one.categories.some(([from, to]) => from <= first && last <= to),
  );
}

/**
 * What Debian's categories ask of most accesses: that the high level of the source dominates the
 * high level of the target.
 */
export function reaches(source: Range, target: Range): boolean {
  return dominates(source.high, target.high);
}
