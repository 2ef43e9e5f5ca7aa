/** Which flags are set in the OSD map. */
import type { ClusterFacts } from "../facts/facts.ts";

export interface SetFlags {
  at: string;
  set: readonly string[];
}

function answer(facts: ClusterFacts): SetFlags {
  return { at: facts.at("osdmap"), set: facts.need("osdmap").flags_set };
}

export const flagsQuestion = { needs: ["osdmap"], likes: [], answer } as const;
