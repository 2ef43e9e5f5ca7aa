/** What differs between what was known of a node and what is known now. */
import type { ClusterNode } from "../answers.ts";
import { type Facts, most } from "../facts/schema.ts";
import type { ChangeKind } from "./answers.ts";

/** What is known of a node; empty for what is not known. */
export interface Standing {
  presence: string;
  incus: string;
  log: string;
  clock: string;
  /** The last that could be read. */
  facts: Facts | null;
}

export interface Difference {
  what: ChangeKind;
  /** Tells it from others of its kind. */
  key: string;
  /** The same for people. */
  of: string;
  before: string;
  after: string;
}

/** A start that differs by less is the same one: it is counted from a clock that may be set. */
const sameStartMs = 60_000;

/** States of a member; the others tell that none was read. */
const memberStates: readonly ClusterNode["incus"][] = ["online", "offline", "pending", "evacuated"];

/** @param before what was known of it, which goes on where nothing newer is known */
export function standingOf(row: ClusterNode, before: Standing | undefined): Standing {
  const { state, incus, found, facts } = row;
  return {
    presence: state === "own" || state === "fresh" ? "heard" : state,
    incus: memberStates.includes(incus) ? incus : (before?.incus ?? ""),
    log: logOf(row) || (before?.log ?? ""),
    clock: facts === null ? (before?.clock ?? "") : isOff(found) ? "off" : "right",
    facts: facts ?? before?.facts ?? null,
  };
}

const isOff = (found: ClusterNode["found"]) => found.some(({ about }) => about === "clock");

/** A log that is not proven yet is proven or red within a minute, and no news until then. */
function logOf({ log: { state }, found }: ClusterNode): string {
  if (state === "unproven") return "";
  if (state === "own") return found.some(({ about }) => about === "log") ? "disputed" : "own";
  return state;
}

export function differences(before: Standing, after: Standing): Difference[] {
  const own = (["presence", "incus", "log", "clock"] as const).flatMap((what) => {
    const [was, is] = [before[what], after[what]];
    return was === is || was === "" ? [] : [{ what, key: "", of: "", before: was, after: is }];
  });
  if (before.facts === null || after.facts === null || before.facts === after.facts) return own;
  return [...own, ...factDifferences(before.facts, after.facts)];
}

interface Value {
  what: ChangeKind;
  key: string;
  of: string;
  text: string;
}

function factDifferences(before: Facts, after: Facts): Difference[] {
  const [were, are] = [valuesOf(before), valuesOf(after)];
  const found: Difference[] = [];
  for (const name of new Set([...were.keys(), ...are.keys()])) {
    const [was, is] = [were.get(name), are.get(name)];
    const { what, key, of } = (is ?? was) as Value;
    const texts = {
      before: was?.text ?? absent(what, before),
      after: is?.text ?? absent(what, after),
    };
    if (texts.before === undefined || texts.after === undefined) continue;
    if (texts.before === texts.after || isSameStart(what, texts.before, texts.after)) continue;
    found.push({ what, key, of, before: texts.before, after: texts.after });
  }
  return found;
}

/** What is not told of: of checks only those that are not good are. Undefined where nobody can know. */
function absent(what: ChangeKind, { flags }: Facts): string | undefined {
  if (what !== "flag") return "";
  return flags.length < most.flags ? "good" : undefined;
}

function isSameStart(what: ChangeKind, before: string, after: string): boolean {
  return what === "boot" && Math.abs(Date.parse(after) - Date.parse(before)) < sameStartMs;
}

/** All of it that lasts, and says something to people. */
function valuesOf(facts: Facts): Map<string, Value> {
  const { versions, health, flags, policy, keys, counts } = facts;
  const proof = policy.proof === "proved" && policy.current !== true ? "notLoaded" : policy.proof;
  const only = (what: ChangeKind, text: string): Value => ({ what, key: "", of: "", text });
  const values: Value[] = [
    ...health.map(({ subsystem: key, state: text }) => named("health", key, key, text)),
    ...flags.map(({ id, title, verdict }) => named("flag", id, title || id, verdict)),
    ...Object.entries(versions).map(([key, text]) => named("version", key, key, text)),
    only("policy", policy.sha256),
    only("proof", proof),
    only("keys", `${keys.ready}/${keys.drivers}`),
    only("alarms", String(counts.alarms)),
    only("boot", facts.bootedAt),
    only("agent", facts.startedAt),
  ];
  return new Map(values.map((value) => [`${value.what} ${value.key}`, value]));
}

function named(what: ChangeKind, key: string, of: string, text: string): Value {
  return { what, key, of, text };
}
