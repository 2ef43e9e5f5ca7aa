/** What is asked about the rules stands in the address, so that a link can be sent. */
import { acts } from "../../../agent/hsm/jurisdiction/decide.ts";
import { type AskedQuestion, questionSchema } from "../../../agent/hsm/jurisdiction/members.ts";
import { problemOf } from "../../lib/check.ts";
import { first, type Place } from "../../lib/location.ts";

export const regionNames = ["token", "key", "node", "recipient"] as const;
export type RegionName = (typeof regionNames)[number];

/** As typed. */
export type Typed = { act: (typeof acts)[number] } & Readonly<Record<RegionName, string>>;

export function readQuestion(place: Place): Typed {
  const region = (name: RegionName) => first(place, name).slice(0, 10).toUpperCase();
  return {
    act: acts.find((act) => act === first(place, "act")) ?? "use",
    token: region("token"),
    key: region("key"),
    node: region("node"),
    recipient: region("recipient"),
  };
}

/** @returns what is wrong with a region, in the contract's words; empty where nothing is */
export function regionProblem(typed: Typed, name: RegionName): string {
  const value = typed[name].trim();
  const needed = name === "token" || (name === "recipient" && typed.act === "transfer");
  return value === "" && !needed ? "" : problemOf(questionSchema.entries[name], value || "");
}

export function isWhole(typed: Typed): boolean {
  return regionNames.every((name) => regionProblem(typed, name) === "");
}

/** What was left empty is for the agent to say; a recipient belongs to a transfer alone. */
export function questionOf({ act, token, key, node, recipient }: Typed): AskedQuestion {
  return {
    ...{ act, token },
    ...(key && { key }),
    ...(node && { node }),
    ...(act === "transfer" && { recipient }),
  };
}
