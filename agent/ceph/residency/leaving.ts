/** What the cluster itself sends elsewhere from a pool: RBD mirrors, mirrors of file systems, zones. */
import type { Findings } from "./findings.ts";
import type { JurisdictionMap, PeerKind } from "./map/document.ts";
import type { Exits } from "./read/exits.ts";
import type { Pool } from "./read/osdmap.ts";

interface Question {
  pool: Pool;
  allowed: readonly string[];
  peers: JurisdictionMap["peers"];
  findings: Findings;
}

/** @param exits a sentence where they were not given or are not understood */
export function judgeExits(exits: Exits | string, question: Question): void {
  if (typeof exits === "string") {
    question.findings.add("unknown", "rbd", () => ({ sentence: exits }));
    return;
  }
  judgeRbd(exits, question);
  judgeCephfs(exits, question);
  judgeRgw(exits, question);
}

function judgeRbd({ rbd }: Exits, question: Question): void {
  const { pool } = question;
  const found = rbd?.filter((each) => each.pool === pool.name) ?? [];
  if (found.length === 0) notKnown(question, "rbd", "whether its images are mirrored");
  for (const { mode, peers } of found) {
    if (mode !== "disabled" && peers.length === 0) {
      notKnown(question, "rbd", "by whom its images are mirrored, which is switched on");
    }
    for (const peer of peers) judgePeer(question, "rbd", peer);
  }
}

function judgeCephfs({ cephfs }: Exits, question: Question): void {
  const { pool } = question;
  if (cephfs === undefined) {
    notKnown(question, "cephfs", "whether file systems are mirrored");
    return;
  }
  const found = cephfs.filter(({ pools }) => pools.includes(pool.id));
  if (pool.applications.has("cephfs") && found.length === 0) {
    notKnown(question, "cephfs", "which file system it is of");
  }
  for (const { peers } of found) for (const peer of peers) judgePeer(question, "cephfs", peer);
}

/** Which pools a zone writes into is its own matter; those with another application only are none. */
function judgeRgw({ rgw }: Exits, question: Question): void {
  const { applications } = question.pool;
  if (rgw === undefined) {
    notKnown(question, "rgw", "whether other zones get objects");
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

function judgePeer(
  { pool, allowed, peers, findings }: Question,
  kind: PeerKind,
  name: string,
): void {
  const known = peers.find((peer) => peer.kind === kind && peer.name === name);
  if (known !== undefined && allowed.includes(known.jurisdiction)) return;
  const where =
    known === undefined ? "of which nobody said where it is" : `in ${known.jurisdiction}`;
  findings.add("violates", kind, () => ({
    sentence: `Data of ${pool.name} ${sendings[kind]} ${name}, ${where}.`,
  }));
}

function notKnown({ pool, findings }: Question, kind: PeerKind, what: string): void {
  findings.add("unknown", kind, () => ({ sentence: `It is not known of ${pool.name} ${what}.` }));
}
