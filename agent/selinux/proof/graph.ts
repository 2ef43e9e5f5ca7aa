import type { Facts, RulePlaces } from "./facts.ts";
import { flowsOf } from "./permissions.ts";

/**
 * Where information goes, rule by rule. A rule of writing carries it from what its source speaks
 * about to what its target speaks about, a rule of reading the other way. An attribute stays one
 * place, so that the graph has as many edges as there are rules, not as there are pairs of types.
 * Rules within one tenant are left out.
 */
export interface FlowGraph {
  /** By id: where its edges begin in the two columns; one more at the end. */
  start: Uint32Array;
  to: Uint16Array;
  /** The place of the rule, as RulePlaces counts. */
  place: Uint32Array;
}

export function flowGraph({ policy, owners }: Facts, places: RulePlaces): FlowGraph {
  const flows = flowsOf(policy);
  const start = new Uint32Array(policy.typeIds + 2);
  const within = (from: number, to: number): boolean =>
    owners.whole[from] === 1 && owners.whole[to] === 1 && owners.ofId[from] === owners.ofId[to];
  const eachEdge = (visit: (from: number, to: number, place: number) => void): void => {
    places.eachAllow(({ source, target, classId, data }, index, place) => {
      const [from, to] = [source[index] ?? 0, target[index] ?? 0];
      if (within(from, to)) return;
      const [of, vector] = [classId[index] ?? 0, data[index] ?? 0];
      if ((vector & (flows.write[of] ?? 0)) !== 0) visit(from, to, place);
      if ((vector & (flows.read[of] ?? 0)) !== 0) visit(to, from, place);
    });
  };
  eachEdge((from) => {
    start[from + 1] = (start[from + 1] ?? 0) + 1;
  });
  for (let id = 1; id < start.length; id++) start[id] = (start[id] ?? 0) + (start[id - 1] ?? 0);
  const next = start.slice();
  const to = new Uint16Array(start.at(-1) ?? 0);
  const place = new Uint32Array(to.length);
  eachEdge((from, target, at) => {
    const edge = next[from] ?? 0;
    next[from] = edge + 1;
    to[edge] = target;
    place[edge] = at;
  });
  return { start, to, place };
}
