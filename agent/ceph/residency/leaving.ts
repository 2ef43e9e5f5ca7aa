/** What leaves a pool: by RBD mirrors, mirrors of file systems, zones, and clients that are elsewhere. */
import type { Findings } from "./findings.ts";
import { judgeClients } from "./leaving-clients.ts";
import type { JurisdictionMap, PeerKind } from "./map/document.ts";
import type { KnownExits } from "./read/exits.ts";
import type { Pool } from "./read/osdmap.ts";

export interface ExitQuestion {
  pool: Pool;
  allowed: readonly string[];
  peers: JurisdictionMap["peers"];
  networks?: JurisdictionMap["networks"];
  findings: Findings;
}

/** @param exits a sentence where they were not given or are not understood */
export function judgeExits(exits: KnownExits | string, question: ExitQuestion): void {
  if (typeof exits === "string") {
    question.findings.add("unknown", "rbd", () => ({ sentence: exits }));
    return;
  }
  judgeRbd(exits, question);
  judgeCephfs(exits, question);
  judgeRgw(exits, question);
  judgeClients(exits, question);
}

type Mirrored = NonNullable<KnownExits["rbd"]>[number];

function judgeRbd({ rbd = [], reasons }: KnownExits, question: ExitQuestion): void {
  const { pool } = question;
  const found = rbd.filter((each) => each.pool === pool.name);
  if (found.length === 0)
    notKnown(question, "rbd", "whether its images are mirrored", reasons?.rbd);
  for (const { mode, namespaces, peers } of found) {
    if ((mode !== "disabled" || namespaces.length > 0) && peers.length === 0) {
      notKnown(question, "rbd", "by whom its images are mirrored, which is switched on");
    }
    for (const peer of peers) judgePeer(question, "rbd", peer);
  }
  judgeDataOfImages(rbd, question);
}

/** An image says itself in which pool its data is, which may be another than its own. */
function judgeDataOfImages(rbd: readonly Mirrored[], question: ExitQuestion): void {
  const { pool, findings } = question;
  if (!isFor(pool, "rbd")) return;
  for (const other of rbd) {
    const peer = other.peers.find((name) => !isWithin(question, "rbd", name));
    if (other.pool === pool.name || peer === undefined) continue;
    findings.add("unknown", "rbd", () => ({
      sentence: `Images of ${other.pool} are mirrored to ${peer}, and may have data in ${pool.name}.`,
    }));
  }
}

/** One that nobody said what it is for may be for anything. */
function isFor({ applications }: Pool, application: string): boolean {
  return applications.size === 0 || applications.has(application);
}

function judgeCephfs({ cephfs, reasons }: KnownExits, question: ExitQuestion): void {
  const { pool } = question;
  if (cephfs === undefined) {
    notKnown(question, "cephfs", "whether file systems are mirrored", reasons?.cephfs);
    return;
  }
  const found = cephfs.filter(({ pools }) => pools.includes(pool.id));
  if (pool.applications.has("cephfs") && found.length === 0) {
    notKnown(question, "cephfs", "which file system it is of");
  }
  for (const { peers } of found) for (const peer of peers) judgePeer(question, "cephfs", peer);
}

/** Which pools a zone writes into is its own matter; those with another application only are none. */
function judgeRgw({ rgw, reasons }: KnownExits, question: ExitQuestion): void {
  const { applications } = question.pool;
  if (rgw === undefined) {
    notKnown(question, "rgw", "whether other zones get objects", reasons?.rgw);
    return;
  }
  const others = [...applications.keys()].every((each) => each === "rbd" || each === "cephfs");
  if (others && applications.size > 0) return;
  for (const peer of rgw.peers) judgePeer(question, "rgw", peer);
}

const sendings: Record<PeerKind, string> = {
  rbd: "are mirrored to",
  cephfs: "are mirrored to",
  rgw: "are copied to zone",
};

function judgePeer(question: ExitQuestion, kind: PeerKind, name: string): void {
  if (isWithin(question, kind, name)) return;
  const { pool, findings } = question;
  const known = placeOf(question, kind, name);
  const where = known === undefined ? "of which nobody said where it is" : `in ${known}`;
  findings.add("violates", kind, () => ({
    sentence: `Data of ${pool.name} ${sendings[kind]} ${name}, ${where}.`,
  }));
}

function placeOf({ peers }: ExitQuestion, kind: PeerKind, name: string): string | undefined {
  return peers.find((peer) => peer.kind === kind && peer.name === name)?.jurisdiction;
}

function isWithin(question: ExitQuestion, kind: PeerKind, name: string): boolean {
  const place = placeOf(question, kind, name);
  return place !== undefined && question.allowed.includes(place);
}

function notKnown(
  { pool, findings }: ExitQuestion,
  kind: PeerKind,
  what: string,
  reason?: string,
): void {
  const sentence = `It is not known of ${pool.name} ${what}.`;
  findings.add("unknown", kind, () => ({
    sentence: reason === undefined ? sentence : `${sentence} ${reason}`,
  }));
}
