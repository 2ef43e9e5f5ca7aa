/**
 * How far the log can be trusted, put together from what each part knows. A part that is not there,
 * or that nobody checked, is unknown and says what to do; it is never ok.
 */
import { readdir, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { Alarm, PartStatus, SourceStatus, Status, Verification } from "./answers.ts";
import type { OffloadStatus } from "./offload/types.ts";
import type { Sealer } from "./seal/types.ts";
import type { SourceStatus as OwnSourceStatus } from "./sources/types.ts";
import type { WitnessStatus } from "./witness/types.ts";

/** Parts of the log beside its writer; each is there once it was started. */
export interface AuditParts {
  sealer?: Pick<Sealer, "status" | "enrolTpm" | "acknowledgeTpm">;
  witnesses?: { status(): WitnessStatus[] };
  offload?: { status(): OffloadStatus; place: { name: string; days: number } };
  sources?: { status(): OwnSourceStatus[] };
  clock?: { alarms(): Alarm[] };
  forwarding?: { alarms(): Alarm[] };
}

export interface StatusInput {
  size: number;
  node: string;
  directory: string;
  verified: Verification;
  parts: AuditParts;
}

const day = 86_400_000;
/** A verification says little about what came long after it, in milliseconds. */
const verifiedFor = 7 * day;
/** Bytes below which, and share of the disk below which, the disk counts as nearly full. */
const littleBytes = 1024 ** 3;
const littleShare = 0.05;

export async function statusOf(input: StatusInput): Promise<Status> {
  const { size, node, directory, verified, parts } = input;
  const seal = parts.sealer?.status();
  const witnesses = parts.witnesses?.status() ?? [];
  const offload = parts.offload?.status();
  const sources = parts.sources?.status() ?? [];
  const [first, disk] = await Promise.all([firstIndex(directory), diskAlarms(directory)]);
  const notSealed =
    "No checkpoint is made: the part that seals the log does not run. See the journal of dsecos-agent.";
  return {
    size,
    first: Math.min(first, size) + 1,
    node,
    origin: seal?.origin ?? "",
    chain: chainPart(verified, size),
    tree: seal?.tree ?? unknown(notSealed),
    tpm: seal?.tpm ?? unknown(notSealed),
    witnesses: witnessPart(witnesses),
    offload: offload ?? {
      ...unknown(
        "Nothing is copied off this node, so who deletes the log deletes it for good. Name a place under “offload” in agent.json.",
      ),
      state: "warning",
    },
    sources: sources.map(sourceStatus),
    alarms: [
      ...verificationAlarms(verified),
      ...(seal?.alarms ?? []),
      ...witnesses
        .flatMap(({ alarms }) => alarms)
        .map((one) => ({ ...one, kind: "witness" as const })),
      ...(offload?.alarms ?? []).map((one) => ({ ...one, kind: "offload" as const })),
      ...sources.flatMap(sourceAlarms),
      ...(parts.clock?.alarms() ?? []),
      ...(parts.forwarding?.alarms() ?? []),
      ...disk,
    ].map(({ kind, since, text, todo }) => ({ kind, since, text, todo })),
    verified,
  };
}

function unknown(text: string): PartStatus {
  return { state: "unknown", at: "", text };
}

function chainPart(verified: Verification, size: number): PartStatus {
  const { state, at, size: covered, errors } = verified;
  if (state === "never") return unknown("The log was not verified yet. Verify it.");
  if (state === "failed")
    return { ...unknown("The last verification broke off. Verify it again."), at };
  if (state === "damaged") {
    const text = `The last verification found ${errors} ${errors === 1 ? "thing" : "things"} wrong. Look at its findings and keep the log as evidence.`;
    return { state: "alarm", at, text };
  }
  const since = Math.max(0, size - covered);
  const text = `${covered} events were verified and are intact; ${since} came since.`;
  if (Date.now() - Date.parse(at) <= verifiedFor) return { state: "ok", at, text };
  return { state: "warning", at, text: `${text} That was more than a week ago: verify it again.` };
}

function witnessPart(witnesses: readonly WitnessStatus[]): PartStatus {
  if (witnesses.length === 0) {
    const text =
      "No witness signs the checkpoints, so who is root here can rewrite the log unnoticed. Name one under “witnesses” in agent.json.";
    return { state: "warning", at: "", text };
  }
  const order = ["ok", "warning", "unknown", "alarm"] as const;
  // One witness that signs is evidence; one that complains is heard.
  const worst = (states: readonly WitnessStatus["state"][]) =>
    order.findLast((state) => states.includes(state)) ?? "unknown";
  const states = witnesses.map(({ state }) => state);
  const at =
    witnesses
      .map((one) => one.at)
      .sort()
      .at(-1) ?? "";
  const text = witnesses.map((one) => `${one.name}: ${one.text}`).join(" ");
  return { state: worst(states), at, text };
}

const sourceStates = { ok: "ok", absent: "unknown", lagging: "warning", alarm: "alarm" } as const;

function sourceStatus(source: OwnSourceStatus): SourceStatus {
  return { ...source, state: sourceStates[source.state] };
}

function sourceAlarms(source: OwnSourceStatus): Alarm[] {
  const { name, state, at, suppressed, gaps, text } = source;
  const alarms: Alarm[] = [];
  const todo = `dsecos audit list --source ${name} shows when; look at the node at that time.`;
  if (gaps > 0) {
    alarms.push({ kind: "gap", since: at, text: `${gaps} events of ${name} are missing.`, todo });
  }
  if (suppressed > 0) {
    const what = `${suppressed} events of ${name} were over its rate and only counted.`;
    alarms.push({ kind: "suppressed", since: at, text: what, todo });
  }
  if (state === "alarm" && alarms.length === 0) {
    alarms.push({ kind: "source", since: at, text: `${name}: ${text}`, todo });
  }
  return alarms;
}

function verificationAlarms({ state, at, findings }: Verification): Alarm[] {
  if (state !== "damaged") return [];
  const text = `The log is not intact: ${findings[0]?.text ?? "see the findings."}`;
  const todo = "Keep a copy of the directory as evidence, and compare with what witnesses hold.";
  return [{ kind: "integrity", since: at, text, todo }];
}

async function diskAlarms(directory: string): Promise<Alarm[]> {
  const { bavail, blocks, bsize } = await statfs(directory);
  const free = bavail * bsize;
  if (free >= littleBytes || bavail >= blocks * littleShare) return [];
  const text = `The disk of the audit log has ${Math.floor(free / 1024 ** 2)} MiB left; acts are refused when it is full.`;
  const todo = `Free space on the file system of ${directory}.`;
  return [{ kind: "disk", since: "", text, todo }];
}

/** @returns index of the first event that retention has left. */
async function firstIndex(directory: string): Promise<number> {
  const names = await readdir(join(directory, "log"));
  const firsts = names
    .filter((name) => /^[0-9]{20}\.segz?$/.test(name))
    .map((name) => Number(name.slice(0, 20)));
  return firsts.reduce((least, first) => Math.min(least, first), Infinity);
}
