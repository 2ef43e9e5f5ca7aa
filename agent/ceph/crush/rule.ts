/** Walks a CRUSH rule for one placement group. */
import { type Choice, chooseApart, chooseFirst, noItem, type Wanted } from "./choose.ts";
import { type Bucket, type CrushMap, NotComputed, type RuleOfDump } from "./map.ts";

interface Settings {
  tries: number;
  /** 0 where the rule does not say. */
  leafTries: number;
}

const choosing = new Map([
  ["choose_firstn", { leaves: false, apart: false }],
  ["chooseleaf_firstn", { leaves: true, apart: false }],
  ["choose_indep", { leaves: false, apart: true }],
  ["chooseleaf_indep", { leaves: true, apart: true }],
]);

export interface Placing {
  map: CrushMap;
  rule: RuleOfDump;
  pool: number;
  /** How many OSDs are wanted. */
  size: number;
  weights: Float64Array;
}

/**
 * @param x what is placed, 32 bits
 * @returns OSDs in their order, and {@link noItem} where a part has none
 * @throws NotComputed
 */
export function place({ map, rule, pool, size, weights }: Placing, x: number): number[] {
  const { chooseleaf_vary_r, chooseleaf_stable, choose_total_tries } = map.tunables;
  const overrides = map.overrides.get(pool) ?? map.overrides.get(-1);
  const stable = chooseleaf_stable !== 0;
  const choice = { map, overrides, weights, x, varyR: chooseleaf_vary_r, stable };
  // “Total tries” counted the tries again, in the first version.
  const settings: Settings = { tries: choose_total_tries + 1, leafTries: 0 };
  const result: number[] = [];
  let working: number[] = [];
  for (const { op, num, type, item } of rule.steps) {
    const way = choosing.get(op);
    if (op === "take") {
      if (item === undefined) throw new NotComputed(`rule ${rule.rule_name} takes nothing`);
      working = [item];
    } else if (way !== undefined) {
      const wanted = map.types.get(type);
      if (wanted === undefined) throw new NotComputed(`there is no type ${type}`);
      const count = num > 0 ? num : num + size;
      working = chooseFrom(choice, working, settings, {
        ...{ type: wanted, count, leaves: way.leaves, apart: way.apart, size },
      });
    } else if (op === "emit") {
      result.push(...working.slice(0, size - result.length));
      working = [];
    } else if (op === "set_choose_tries") {
      if (num > 0) settings.tries = num;
    } else if (op === "set_chooseleaf_tries") {
      if (num > 0) settings.leafTries = num;
    } else if (op !== "noop") {
      throw new NotComputed(`rule ${rule.rule_name} has a step “${op}”`);
    }
  }
  return result;
}

type Step = Wanted & { apart: boolean; size: number };

function chooseFrom(choice: Choice, from: number[], settings: Settings, step: Step): number[] {
  if (step.count <= 0) return [];
  const chosen: number[] = [];
  for (const id of from) {
    const bucket: Bucket | undefined = choice.map.buckets.get(id);
    // What a choice before has not found.
    if (bucket === undefined) continue;
    const { tries: total, leafTries } = settings;
    const most = step.size - chosen.length;
    const once = choice.map.tunables.chooseleaf_descend_once !== 0;
    const { items, leaves } = step.apart
      ? chooseApart(choice, bucket, step, { total, leaf: leafTries || 1 }, most)
      : chooseFirst(choice, bucket, step, { total, leaf: leafTries || (once ? 1 : total) }, most);
    chosen.push(...(step.leaves ? leaves : items));
  }
  return chosen;
}
