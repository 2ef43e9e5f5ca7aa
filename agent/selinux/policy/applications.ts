/**
 * What programs other than the kernel are told about contexts: the files below `contexts/` of a
 * policy store. Debian's speak of its whole policy; ours has a part of it, and a program that is
 * told a context which the policy does not have fails where it would do without.
 */
import type { Policy } from "../policydb/policy.ts";

/** The names that a policy knows. */
export interface Known {
  type(name: string): boolean;
  role(name: string): boolean;
  user(name: string): boolean;
}

export function knownTo({ symbols }: Policy): Known {
  return {
    type: (name) => symbols.types.id(name) !== undefined,
    role: (name) => symbols.roles.id(name) !== undefined,
    user: (name) => symbols.users.id(name) !== undefined,
  };
}

/** `user:role:type:level`, `role:type:level`, or `role:type`, as the manuals of the files have it. */
const contextPattern = /^(?:(\w+_u):)?(\w+_r):(\w+)(?::(.*))?$/;

/** A word that stands for a context or a type, and whether the policy has it. */
function judge(word: string, known: Known): "other" | "known" | "unknown" {
  const bare = word.replace(/^"(.*)"$/, "$1");
  const [, user, role = "", type = ""] = contextPattern.exec(bare) ?? [];
  if (role !== "") {
    const all = known.role(role) && known.type(type) && (user === undefined || known.user(user));
    return all ? "known" : "unknown";
  }
  const assigned = bare.slice(bare.indexOf("=") + 1);
  if (/^\w+_t$/.test(assigned)) return known.type(assigned) ? "known" : "unknown";
  return "other";
}

/**
 * Takes out what the policy does not have. A line whose first context is not there, or of which no
 * context is left that it leads to, is left out; see default_contexts(5) for lines of several.
 *
 * @param text of a file below `contexts/`
 * @returns undefined where it said something, and nothing of that is left
 */
export function trimContexts(text: string, known: Known): string | undefined {
  let said = 0;
  let left = 0;
  const lines = text.split("\n").flatMap((line) => {
    if (/^\s*(#|$)/.test(line)) return [line];
    said += 1;
    const trimmed = trimLine(line, known);
    if (trimmed === undefined) return [];
    left += 1;
    return [trimmed];
  });
  return said > 0 && left === 0 ? undefined : lines.join("\n");
}

function trimLine(line: string, known: Known): string | undefined {
  const words = line.trim().split(/\s+/);
  const judged = words.map((word) => judge(word, known));
  if (!judged.includes("unknown")) return line;
  if (judged[0] === "unknown") return undefined;
  const kept = words.filter((_, index) => judged[index] !== "unknown");
  const targets = judged.slice(1).filter((verdict) => verdict === "known").length;
  return targets === 0 ? undefined : kept.join(" ");
}
