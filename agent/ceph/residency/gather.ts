/** What a proof rests on, read from the cluster for it alone: nothing of it was kept from before. */
import * as v from "valibot";
import { DsecosError } from "../../bus/errors.ts";
import type { Ceph } from "../link/types.ts";
import { type ExitParts, readExits } from "./exits/read.ts";
import type { JurisdictionMap } from "./map/document.ts";
import type { ProofRequest } from "./thread.ts";

/** Of OSDs that are asked what they hold. */
const atOnce = 16;
/** The CRUSH map is read between two readings of the OSD map until both are of one version. */
const mostTries = 3;

export type Gathered = Pick<ProofRequest, "texts" | "exits">;

/**
 * @throws DsecosError where the maps cannot be read, or change all the time; what else cannot be read
 *   is left out, and is not known then
 */
export async function gather(parts: ExitParts, map: JurisdictionMap): Promise<Gathered> {
  const { link } = parts;
  const maps = await readMaps(link);
  const pgs = await readPgs(link);
  // After the groups: what came to an OSD meanwhile is one too many, and is seen.
  const counts = await orNot(link.text("mgr", "pg dump", { dumpcontents: ["osds"] }));
  const [holdings, exits] = await Promise.all([readHoldings(link, map), readExits(parts, map)]);
  return { texts: { ...maps, pgs, counts, holdings }, exits };
}

/** What a change is judged by: of what is sent elsewhere and held elsewhere it changes nothing. */
export async function gatherMaps(link: Ceph): Promise<Gathered> {
  const maps = await readMaps(link);
  return { texts: { ...maps, pgs: await readPgs(link) } };
}

const readPgs = (link: Ceph) => orNot(link.text("mgr", "pg dump", { dumpcontents: ["pgs_brief"] }));

async function readMaps(link: Ceph): Promise<{ osdmap: Uint8Array; crush: Uint8Array }> {
  let before = await link.text("mon", "osd dump");
  for (let tries = 0; tries < mostTries; tries++) {
    const crush = await link.text("mon", "osd crush dump");
    const osdmap = await link.text("mon", "osd dump");
    if (versionOf(before) === versionOf(osdmap)) return { osdmap, crush };
    before = osdmap;
  }
  const what = "The cluster's CRUSH map changes faster than it can be read; it is read again.";
  throw new DsecosError("Unavailable", what);
}

/** Megabytes are not taken apart for one number. */
function versionOf(osdmap: Uint8Array): string {
  const bytes = Buffer.from(osdmap.buffer, osdmap.byteOffset, osdmap.byteLength);
  const at = bytes.indexOf('"crush_version":');
  const found = /^"crush_version":(\d+),/.exec(bytes.toString("latin1", at, at + 40));
  if (at < 0 || found === null) {
    throw new DsecosError(
      "Unavailable",
      "Ceph's OSD map does not say of which version its CRUSH map is.",
    );
  }
  return found[1] ?? "";
}

async function orNot<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof DsecosError) return undefined;
    throw error;
  }
}

const listSchema = v.array(v.number());
const historySchema = v.object({ pgs: v.array(v.object({ pg: v.string() })) });

/**
 * Of every OSD that answers, which needs `allow *` on OSDs: without it nobody is asked after the first
 * ones. JSON of {@link parseHoldings}, in the order of OSDs: hundreds of thousands of names are not handed
 * to a thread one by one.
 */
async function readHoldings(link: Ceph, map: JurisdictionMap): Promise<Uint8Array | undefined> {
  // Where nothing must be anywhere, nobody needs to be asked.
  if (map.pools.length === 0) return Buffer.from("[]");
  const ids = v.safeParse(listSchema, await orNot(link.mon("osd ls")));
  if (!ids.success) return undefined;
  const left = [...ids.output];
  const holdings: { osd: number; text: string }[] = [];
  const ask = async () => {
    for (let osd = left.pop(); osd !== undefined; osd = left.pop()) {
      try {
        const answer = v.safeParse(historySchema, await link.osd(osd, "dump_pgstate_history"));
        if (!answer.success) continue;
        const text = JSON.stringify({ osd, pgs: answer.output.pgs.map(({ pg }) => pg) });
        holdings.push({ osd, text });
      } catch (error) {
        if (!(error instanceof DsecosError)) throw error;
        if (error.code === "Denied") left.length = 0;
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, ask));
  if (holdings.length === 0) return undefined;
  holdings.sort((one, other) => one.osd - other.osd);
  return new TextEncoder().encode(`[${holdings.map(({ text }) => text).join(",")}]`);
}
