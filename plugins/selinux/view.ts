/** What is asked about the rules stands in the address, so that a link can be sent. */
import { selinux } from "../../agent/selinux/contract.ts";
import { problemOf } from "../lib/check.ts";
import { adjust, first, go, type Place } from "../lib/location.ts";

export const askedNames = ["source", "target", "class"] as const;
export type AskedName = (typeof askedNames)[number];

/** Names of the policy, each as it was typed. */
export type Asked = Readonly<Record<AskedName, string>>;

export function readAsked(from: Place): Asked {
  const [source, target, of] = askedNames.map((name) => first(from, name).slice(0, 200));
  return { source: source ?? "", target: target ?? "", class: of ?? "" };
}

/** @returns what is wrong with a name, in the contract's words; empty when nothing is. */
export function nameProblem(name: AskedName, value: string): string {
  const schema = selinux.methods.Why.in[askedNames.indexOf(name)]?.schema;
  return schema ? problemOf(schema, value) : "";
}

/** Names as they are meant: what is pasted often brings spaces along. */
export function trimmed(asked: Asked): Asked {
  return {
    source: asked.source.trim(),
    target: asked.target.trim(),
    class: asked.class.trim(),
  };
}

/** Whether the agent can be asked this. */
export function isWhole(asked: Asked): boolean {
  return askedNames.every((name) => nameProblem(name, asked[name]) === "");
}

/** A first question is a step in the history; the next ones stand in its place. */
export function ask(asked: Asked, place: Place): void {
  const options = Object.fromEntries(askedNames.map((name) => [name, [asked[name]]]));
  if (place.path[0] === "why") adjust(options);
  else go(["why"], options);
}

export function askAddress(asked: Asked): string {
  return `#/why?${new URLSearchParams(asked)}`;
}

export function tabAddress(key: string): string {
  return `#/${key}`;
}
