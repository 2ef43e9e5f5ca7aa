/** What was checked before a node forms or joins a cluster, whole; as a table it would be cut. */
import type { JoinChecks } from "../cluster/joining/answers.ts";
import type { Screen } from "./table.ts";
import { oneLine, pad, painted, wrap } from "./text.ts";

/** Of the longest verdict. */
const left = 9;

export function joiningText(found: JoinChecks, screen: Screen): string[] {
  const { node, address, cluster, peer, ready, checks } = found;
  const under = (text: string) =>
    wrap(oneLine(text), Math.max(24, screen.width - left)).map((line) => pad("", left) + line);
  const lines = checks.flatMap(({ verdict, title, fact, remedy }) => [
    `${painted(pad(verdict, left), screen.colour)}${oneLine(title)}`,
    ...under(fact),
    ...(remedy === "" ? [] : under(remedy)),
  ]);
  const begin =
    cluster === ""
      ? `dsecos cluster init ${node} ${address}`
      : `dsecos cluster join ${node} ${address} ${cluster} --invitation …`;
  const next = ready
    ? [`Nothing stands in the way. To begin: ${begin}`]
    : ["First put right what is bad."];
  return [
    ...lines,
    "",
    ...(cluster === "" ? [] : [`The cluster of ${oneLine(peer)} has the certificate ${cluster}.`]),
    ...next,
  ];
}
