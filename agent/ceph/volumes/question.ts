/**
 * What placing volumes needs of the CRUSH map. Its devices, thousands in a large cluster, stay in the
 * thread that has the facts.
 */
import type { ClusterFacts } from "../facts/facts.ts";

export interface CrushRule {
  rule_id: number;
  rule_name: string;
  steps: {
    op: string;
    item?: number | undefined;
    num?: number | undefined;
    type?: string | undefined;
  }[];
}

export interface CrushBucket {
  id: number;
  name: string;
  type_name: string;
  /** Ids of buckets right below it. */
  below: number[];
  /** Whether it has neither buckets nor devices. */
  isEmpty: boolean;
}

export interface CrushTree {
  buckets: CrushBucket[];
  rules: CrushRule[];
}

function answer(facts: ClusterFacts): CrushTree {
  const { buckets, rules } = facts.need("crush");
  return {
    buckets: buckets.map(({ id, name, type_name, items }) => ({
      ...{ id, name, type_name, isEmpty: items.length === 0 },
      below: items.flatMap((item) => (item.id < 0 ? item.id : [])),
    })),
    rules: rules.map(({ rule_id, rule_name, steps }) => ({
      ...{ rule_id, rule_name },
      steps: steps.map(({ op, item, num, type }) => ({ op, item, num, type })),
    })),
  };
}

export const crushTreeQuestion = { needs: ["crush"], likes: [], answer } as const;
