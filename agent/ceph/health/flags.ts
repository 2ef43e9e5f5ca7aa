/** Flags of the OSD map that stop something; the others say what the cluster can. */
const meanings: Readonly<Record<string, string>> = {
  full: "The cluster is full: nobody can write.",
  pauserd: "Reading is paused.",
  pausewr: "Writing is paused.",
  noup: "OSDs that start are not taken in.",
  nodown: "OSDs that fail are not marked down.",
  noin: "OSDs that come back get no data.",
  noout: "OSDs that stay down are not given up, so that lost copies are not made again.",
  nobackfill: "Data is not moved to where it should be.",
  norebalance: "Data is not moved unless a copy is lost.",
  norecover: "Lost copies are not made again.",
  noscrub: "Data is not checked.",
  "nodeep-scrub": "Data is not read through.",
  notieragent: "Cache pools write nothing back.",
  nosnaptrim: "Deleted snapshots are not removed.",
};

export function stoppingFlags(set: readonly string[]): { flag: string; means: string }[] {
  return set.flatMap((flag) => {
    const means = meanings[flag];
    return means === undefined ? [] : { flag, means };
  });
}
