/** Capabilities of several kinds as one key has them. */
import type { Grants } from "./types.ts";

/** @returns by kind of daemon, the same text whichever order they came in; none where there are none */
export function capabilities(all: readonly Grants[]): Record<string, string> {
  const caps: Record<string, string> = {};
  for (const daemon of ["mon", "mds", "osd"] as const) {
    const single = new Set(all.flatMap((grants) => grants[daemon] ?? []));
    if (single.size > 0) caps[daemon] = [...single].sort().join(", ");
  }
  return caps;
}
