/** What secilc says when it refuses a policy, as data. */

/** A rule in a file, as secilc prints it. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly rule: string;
}

/** A right that must never be, and the rules that give it: the first few of them. */
export interface Violation extends Place {
  readonly allowedBy: readonly Place[];
}

/** A right was found that a neverallow rule forbids. */
export class NeverallowError extends Error {
  override name = "NeverallowError";
  readonly violations: readonly Violation[];

  constructor(violations: readonly Violation[]) {
    const [first] = violations;
    const guilty = first?.allowedBy[0];
    const where = guilty ? `: ${guilty.rule} at ${guilty.file}:${guilty.line}` : "";
    const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : "";
    super(`the policy allows what it must never allow, ${first?.rule}${where}${more}`);
    this.violations = violations;
  }
}

/** secilc could not compile the policy. */
export class CompileError extends Error {
  override name = "CompileError";
}

const mostSaid = 600;

/** @param said what secilc wrote to its standard error @returns the error it stands for */
export function refusal(said: string): NeverallowError | CompileError {
  const violations = parseViolations(said);
  if (violations.length > 0) return new NeverallowError(violations);
  const text = said.trim();
  return new CompileError(
    `secilc did not compile the policy: ${text.slice(-mostSaid) || "it gave no reason"}`,
  );
}

/**
 * secilc writes a block for each neverallow rule that does not hold: its place, the rule, and for
 * each guilty rule a chain of where it came from, of which the last has the text below it.
 */
export function parseViolations(said: string): Violation[] {
  const violations: Violation[] = [];
  let current: { file: string; line: number; rule: string; allowedBy: Place[] } | undefined;
  let place: { file: string; line: number } | undefined;
  for (const line of said.split("\n")) {
    const failed = /^neverallow check failed at (.+):(\d+)$/.exec(line);
    if (failed) {
      current = { file: failed[1] ?? "", line: Number(failed[2]), rule: "", allowedBy: [] };
      violations.push(current);
      place = undefined;
      continue;
    }
    if (current === undefined) continue;
    const at = /^\s+\w+ at (.+):(\d+)(?: from .*)?$/.exec(line);
    if (at) place = { file: at[1] ?? "", line: Number(at[2]) };
    const rule = /^\s+(\((?:neverallow|allow)x? .*\))$/.exec(line)?.[1];
    if (rule === undefined) continue;
    if (place === undefined) current.rule = rule;
    else current.allowedBy.push({ ...place, rule });
  }
  return violations;
}
