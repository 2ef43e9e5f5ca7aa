/**
 * What a node tells the others of itself. To a reader it is text of somebody else: checked, bounded,
 * and without characters that would hide or turn around what stands beside it. Imports nothing from
 * node:, since the pages use it too.
 */
import * as v from "valibot";
import { timeSchema } from "../../bus/fields.ts";
import { verdicts } from "../../node/contract.ts";
import { proofStates } from "../../selinux/answers.ts";

/** Of the JSON, in bytes of UTF-8. */
export const maximumFacts = 4096;
/** What another number stands for is not known here. */
export const factsFormat = 1;

/** Most of each list. */
export const most = { health: 12, flags: 24, behind: 16 };
/** Longest text, in characters. */
export const longest = { version: 60, text: 160, title: 80, name: 63 };

/** Controls, formatting such as a change of direction, private and unassigned characters, line ends. */
const hiding = /[\p{C}\p{Zl}\p{Zp}]/u;

/** One line of plain text that shows as what it is. */
export function plainSchema(maximum: number) {
  return v.pipe(
    v.string(),
    v.maxLength(maximum),
    v.check((text) => text.isWellFormed() && !hiding.test(text)),
  );
}

/** Makes any text one that {@link plainSchema} takes. */
export function plain(text: string, maximum: number): string {
  const shown = text
    .toWellFormed()
    .replace(new RegExp(hiding, "gu"), " ")
    .replace(/\s+/gu, " ")
    .trim();
  if (shown.length <= maximum) return shown;
  if (maximum === 0) return "";
  // A character outside of the basic plane is not cut in two.
  return `${shown.slice(0, maximum - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

const countSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const idSchema = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]{0,39}$/));
const instantSchema = v.pipe(
  timeSchema,
  v.maxLength(40),
  v.check((text) => Number.isFinite(Date.parse(text))),
);
const instantOrNever = v.union([v.literal(""), instantSchema]);
const versionSchema = plainSchema(longest.version);

export const factsSchema = v.object({
  format: v.literal(factsFormat),
  /** Counts publications since the agent started. */
  sequence: v.pipe(countSchema, v.minValue(1)),
  /** When the agent started, and when this was written, by the node's own clock. */
  startedAt: instantSchema,
  at: instantSchema,
  bootedAt: instantSchema,
  versions: v.object({
    agent: versionSchema,
    /** Empty where it is not there. */
    incus: versionSchema,
    ceph: versionSchema,
    kernel: versionSchema,
    os: versionSchema,
  }),
  load: v.object({
    cores: countSchema,
    /** Share of all cores in use lately, 0 to 1. */
    cpu: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
    /** Load average over a minute. */
    average: v.pipe(v.number(), v.finite(), v.minValue(0)),
    memoryKib: countSchema,
    memoryUsedKib: countSchema,
    /** Of the file system that is fullest. */
    diskKib: countSchema,
    diskUsedKib: countSchema,
  }),
  health: v.pipe(
    v.array(
      v.object({
        subsystem: idSchema,
        state: v.picklist(verdicts),
        text: plainSchema(longest.text),
      }),
    ),
    v.maxLength(most.health),
  ),
  policy: v.object({
    /** SHA-256 of the SELinux policy that was proved last; empty before. */
    sha256: v.pipe(v.string(), v.regex(/^([0-9a-f]{64})?$/)),
    proof: v.picklist(proofStates),
    provedAt: instantOrNever,
    /** Whether that policy is the one that is loaded; null where none is. */
    current: v.nullable(v.boolean()),
  }),
  /** What weakens the node's promises: its assurance checks that are not good. */
  flags: v.pipe(
    v.array(
      v.object({
        id: idSchema,
        verdict: v.picklist(verdicts),
        title: plainSchema(longest.title),
      }),
    ),
    v.maxLength(most.flags),
  ),
  keys: v.object({
    /** Drivers of HSMs, those that are ready, and those of software. */
    drivers: countSchema,
    ready: countSchema,
    software: countSchema,
  }),
  /** Tenants of which something is not true yet there, those with most first; left out by an older agent. */
  behind: v.optional(
    v.object({
      tenants: v.pipe(
        v.array(v.object({ name: plainSchema(longest.name), things: countSchema })),
        v.maxLength(most.behind),
      ),
      /** Of them all, also those for which there was no room. */
      total: countSchema,
    }),
  ),
  counts: v.object({
    tenants: countSchema,
    /** Events in the audit log, and its alarms. */
    events: countSchema,
    alarms: countSchema,
    /** Requests that wait for another person; left out by an older agent. */
    approvals: v.optional(countSchema),
  }),
});

export type Facts = v.InferOutput<typeof factsSchema>;

/** What was read, or why it cannot be, in a sentence that has nothing of the text in it. */
export type Read<T> = { value: T } | { trouble: string };

/** @param text as it stands in the cluster; at least `maximum` characters of it where it is longer */
export function readFacts(text: string): Read<Facts> {
  return readPublished(text, maximumFacts, factsSchema);
}

export function readPublished<T>(
  text: string,
  maximum: number,
  schema: v.GenericSchema<unknown, T>,
): Read<T> {
  if (new TextEncoder().encode(text).length > maximum) {
    return { trouble: `They have more than ${maximum} bytes, which no agent writes.` };
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // What the parser says would quote the text.
    return { trouble: "They are not JSON, which no agent writes." };
  }
  const result = v.safeParse(schema, value);
  if (result.success) return { value: result.output };
  const [issue] = result.issues;
  const where = v.getDotPath(issue);
  if (where === "format") {
    return {
      trouble: "They are of a format that this agent does not know; bring both to one version.",
    };
  }
  return { trouble: `${where === null ? "The whole" : `“${where}”`} is not what an agent writes.` };
}
