/**
 * How many placement groups each OSD has, strays and what is being removed included, as
 * `ceph pg dump osds -f json` prints it (osd_stat_t::dump of Ceph's osd/osd_types.cc, 16.2 to 19.2).
 * The answer has megabytes of network times, so that it is looked through and not taken apart: whatever
 * does not look as it is printed is not counted, and not known then.
 */

/** By OSD; `since` is the epoch from which on it is up, so that no older word of it counts. */
export type GroupCounts = ReadonlyMap<number, { groups: number; since: number }>;

const printed =
  /"osd":\s*(\d{1,7}),\s*"up_from":\s*(\d{1,15}),\s*"seq":\s*\d{1,20},\s*"num_pgs":\s*(\d{1,9}),/g;

export function parseCounts(text: Uint8Array): GroupCounts {
  const counts = new Map<number, { groups: number; since: number }>();
  const words = Buffer.from(text.buffer, text.byteOffset, text.byteLength).toString("latin1");
  for (const [, osd, since, groups] of words.matchAll(printed)) {
    // Of two words of one OSD, the one that tells of more.
    const before = counts.get(Number(osd))?.groups ?? 0;
    counts.set(Number(osd), { groups: Math.max(before, Number(groups)), since: Number(since) });
  }
  return counts;
}
