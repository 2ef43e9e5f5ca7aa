/**
 * Puts the neverallow rules of a module that speak of the same source and target together, so that
 * the compiler goes through the policy once for all of them. What they forbid stays the same.
 *
 * @param name of the module, for names that are no other module's
 * @param cil as pp writes it: one rule in a line; rules inside of blocks are left as they are
 */
export function mergeNeverallows(name: string, cil: string): string {
  const rules = new Map<string, string[]>();
  const rest = cil.replace(
    /^\(neverallow (\S+ \S+) (\(\S+ \([^()]*\)\))\)\n/gm,
    (_, ends: string, permissions: string) => {
      const same = rules.get(ends);
      if (same === undefined) rules.set(ends, [permissions]);
      else same.push(permissions);
      return "";
    },
  );
  const merged = [...rules].flatMap(([ends, [first = "", ...more]], index) => {
    if (more.length === 0) return [`(neverallow ${ends} ${first})`];
    const set = `dsecos_${name}_never${index}`;
    const members = [first, ...more].map((each) => `(classpermissionset ${set} ${each})`);
    return [`(classpermission ${set})`, ...members, `(neverallow ${ends} ${set})`];
  });
  return rest + merged.map((line) => `${line}\n`).join("");
}
