/** A verdict for people, and for whoever reads it out of a file. */
import type { Outcome, PoolVerdict, Verdict } from "./verdict.ts";

const said: Record<Outcome, string> = {
  proven: "proven",
  violated: "VIOLATED",
  unknown: "NOT PROVEN",
};

export function verdictInWords(verdict: Verdict, signed: string): string {
  const { counts, inputs, pools, undemanded } = verdict;
  const of = `${pools.length} ${pools.length === 1 ? "pool" : "pools"}`;
  const found = {
    proven: `Proved: data of ${of} stays in its jurisdictions.`,
    violated: `VIOLATED: data of ${counts.violated} of ${of} is, or may come, where it must not be.`,
    unknown: `NOT PROVEN: ${counts.unknown} of ${of} cannot be judged by what was given.`,
  };
  return [
    found[verdict.verdict],
    "",
    `cluster     ${verdict.cluster || "not known"}, epoch ${verdict.epoch}`,
    `map         ${signed}`,
    `looked at   ${counts.osds} OSDs, ${counts.buckets} buckets, ${counts.pgs} placement groups`,
    ...Object.entries(inputs).map(([name, hash]) => {
      return `${name.padEnd(12)}${hash === null ? "not given" : `SHA-256 ${hash}`}`;
    }),
    `took        ${Math.round(verdict.milliseconds)} ms`,
    ...pools.flatMap(poolLines),
    "",
    `Nothing is said of ${undemanded.length} other pools, nor of:`,
    ...verdict.notJudged.map((what) => `  ${what}`),
  ].join("\n");
}

function poolLines({ pool, id, allowed, verdict, parts, counts, findings, total }: PoolVerdict) {
  const more = total - findings.length;
  return [
    "",
    `${pool}${id === null ? "" : ` (${id})`} in ${allowed.join(", ")}: ${said[verdict]}`,
    `  by its rule ${said[parts.rule]} (${counts.possible} OSDs), where copies are ${said[parts.copies]} (${counts.having} OSDs, ${counts.pgs} groups), sent elsewhere ${said[parts.exits]}`,
    ...findings.map(({ sentence, path = [] }) => {
      return `  ${sentence}${path.length === 0 ? "" : ` ${path.join(" > ")}`}`;
    }),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}
