/** One thing that has to be true before a node forms or joins a cluster. */
import type { JoinCheck } from "../answers.ts";

type Found = Omit<JoinCheck, "id" | "title">;

export const good = (fact: string): Found => ({ verdict: "good", fact, remedy: "" });
export const warning = (fact: string, remedy: string): Found => ({
  ...{ verdict: "warning", fact, remedy },
});
export const bad = (fact: string, remedy: string): Found => ({ verdict: "bad", fact, remedy });
export const unknown = (fact: string, remedy: string): Found => ({
  ...{ verdict: "unknown", fact, remedy },
});

export type { Found };
