/** Rows of the answer: each node with the worst of it first, in words. */
import type { ClusterNode } from "./answers.ts";
import type { Facts } from "./facts/schema.ts";
import { worst } from "./facts/summary.ts";
import { alarming, type LogState, type Peer } from "./members/peer.ts";
import type { Cosigned } from "./witness/own.ts";

type Verdict = ClusterNode["verdict"];

interface Said {
  verdict: Verdict;
  /** Empty when it is good. */
  text: string;
}

/** Clocks that differ by less are taken for right: writing itself takes a moment. */
export const clockSeconds = 5;

const good: Said = { verdict: "good", text: "" };

const ofLog: Record<LogState, (name: string) => Said> = {
  witnessed: () => good,
  none: (name) => ({
    verdict: "unknown",
    text: `${name} shows no audit log, so nobody here watches over it.`,
  }),
  unreadable: (name) => ({
    verdict: "warning",
    text: `What ${name} shows of its audit log cannot be read; bring both agents to one version.`,
  }),
  unproven: (name) => ({
    verdict: "warning",
    text: `The audit log of ${name} does not show yet that it goes on from what was seen of it.`,
  }),
  unsigned: (name) => ({
    verdict: "bad",
    text: `What ${name} shows of its audit log is not signed by the log's key: somebody else wrote it. Find out who can change members of the cluster.`,
  }),
  rollback: (name) =>
    tampered(`The audit log of ${name} has fewer events than it had: it was set back.`),
  fork: (name) =>
    tampered(`The audit log of ${name} does not go on from what was seen of it: it was rewritten.`),
  key: (name) =>
    tampered(`The audit log of ${name} is another one, or has another key, than before.`),
};

function tampered(what: string): Said {
  const todo =
    "Keep that node's disk and compare; both checkpoints are on record here. Once it is explained: dsecos cluster acknowledge-log.";
  return { verdict: "bad", text: `${what} ${todo}` };
}

/** @param seen how many events of its log were witnessed; 0 where none were */
export function logOf({ name, log }: Peer, seen: number): ClusterNode["log"] {
  const hidden = log.state === "none" && seen > 0;
  const { text } = hidden ? hiddenLog(name) : ofLog[log.state](name);
  const size = log.state === "witnessed" ? seen : log.size;
  return { state: log.state, size, seen, text };
}

function hiddenLog(name: string): Said {
  return {
    verdict: "warning",
    text: `${name} showed its audit log before, and does not any more.`,
  };
}

/** @param now monotonic, in milliseconds */
export function rowOf(peer: Peer, seen: number, now: number, silentMs: number): ClusterNode {
  const { name, member, facts, heard } = peer;
  const ageMs = heard === undefined ? undefined : Math.max(0, now - heard.at);
  const isSilent = ageMs !== undefined && ageMs > silentMs;
  const value = facts !== undefined && "value" in facts ? facts.value : undefined;
  const log = logOf(peer, seen);
  const heardSaid = presence(peer, isSilent, ageMs ?? 0);
  const hidden = log.state === "none" && seen > 0;
  const logSaid = hidden ? hiddenLog(name) : ofLog[peer.log.state](name);
  const clock = value === undefined || heard === undefined ? good : clockSaid(name, heard.offMs);
  const own = value === undefined || isSilent ? [] : healthOf(value);
  const found = [
    { about: "presence" as const, ...heardSaid.said },
    { about: "log" as const, ...logSaid },
    { about: "clock" as const, ...clock },
  ].filter((one) => one.text !== "");
  const all = [...found, ...own];
  // A log that was tampered with is bad whether its node is heard of or not.
  const verdict = alarming.has(peer.log.state)
    ? "bad"
    : isSilent || value === undefined
      ? heardSaid.said.verdict
      : worst(all.map((one) => one.verdict));
  const text = all.find((one) => one.verdict === verdict && one.text !== "")?.text ?? "";
  return {
    name,
    state: heardSaid.state,
    verdict,
    ageSeconds: ageMs === undefined ? null : Math.round(ageMs / 1000),
    incus: member.state,
    log,
    clockOffSeconds: value === undefined || heard === undefined ? null : seconds(heard.offMs),
    text,
    found,
    address: member.address,
    facts: value ?? null,
  };
}

function presence(
  { name, member, facts }: Peer,
  isSilent: boolean,
  ageMs: number,
): { state: ClusterNode["state"]; said: Said } {
  const down = member.state === "offline" ? "Its Incus does not answer either." : "";
  const look = `See that it is up, and there: systemctl status dsecos-agent. ${down}`.trim();
  if (facts === undefined) {
    const text = `${name} has told nothing of itself. ${look}`;
    return { state: "none", said: { verdict: "unknown", text } };
  }
  if ("trouble" in facts) {
    const text = `The facts of ${name} are unreadable. ${facts.trouble}`;
    return { state: "unreadable", said: { verdict: "bad", text } };
  }
  if (isSilent) {
    const text = `${name} has not been heard of for ${Math.round(ageMs / 1000)} s. ${look}`;
    return { state: "silent", said: { verdict: "unknown", text } };
  }
  if (member.state === "offline") {
    const text = `${name} tells of itself, but its Incus does not answer the others. See there: systemctl status incus.`;
    return { state: "fresh", said: { verdict: "warning", text } };
  }
  return { state: "fresh", said: good };
}

/** Without a zero that is less than nothing. */
const seconds = (ms: number) => Math.round(ms / 1000) + 0;

function clockSaid(name: string, offMs: number): Said {
  const off = seconds(offMs);
  if (Math.abs(off) <= clockSeconds) return good;
  const how = off > 0 ? "ahead of" : "behind";
  const text = `The clock of ${name} is ${Math.abs(off)} s ${how} this node's; set the wrong one.`;
  return { verdict: "warning", text };
}

const healthOf = ({ health }: Facts): Said[] =>
  health.map(({ state, text }) => ({ verdict: state, text: state === "good" ? "" : text }));

/** The node that answers. @param size of its audit log as others can see it */
export function ownRow(
  name: string,
  facts: Facts,
  size: number,
  cosigned: ReadonlyMap<string, Cosigned>,
  member: { state: ClusterNode["incus"]; address: string },
): ClusterNode {
  const logSaid = ownLog(size, cosigned);
  const all = [logSaid, ...healthOf(facts)];
  const verdict = worst(all.map((one) => one.verdict));
  return {
    name,
    state: "own",
    verdict,
    ageSeconds: 0,
    incus: member.state,
    log: { state: "own", size, seen: size, text: logSaid.text },
    clockOffSeconds: 0,
    text: all.find((one) => one.verdict === verdict)?.text ?? "",
    found: logSaid.text === "" ? [] : [{ about: "log", ...logSaid }],
    address: member.address,
    facts,
  };
}

function ownLog(size: number, cosigned: ReadonlyMap<string, Cosigned>): Said {
  for (const [node, one] of cosigned) {
    if (one.size <= size && one.fits) continue;
    const text = `${node} has signed ${one.size} events of this node's audit log that are not those it has: it was set back or rewritten. Keep the disk, and verify the log: dsecos audit verify.`;
    return { verdict: "bad", text };
  }
  return good;
}
