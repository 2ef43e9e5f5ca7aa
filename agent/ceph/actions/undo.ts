/** The way back from a change. */
import { whole } from "../crush/choose.ts";
import type { OsdMapOfDump } from "../crush/groups.ts";
import type { CrushDump } from "../crush/map.ts";
import type { Change, Prediction } from "./answers.ts";

/** A change back where there is one; what is there now. */
export function undoOf(change: Change, osdmap: OsdMapOfDump, crush: CrushDump): Prediction["undo"] {
  const { what, osd, bucket = "", pool = "" } = change;
  const is = osdmap.osds.find((one) => one.osd === osd);
  if (what === "out" || what === "in" || what === "reweight") return undoOsd(osd ?? 0, is);
  if (what === "rule") {
    const { crush_rule } = osdmap.pools.find(({ pool_name }) => pool_name === pool) ?? {};
    const rule = crush.rules.find(({ rule_id }) => rule_id === crush_rule)?.rule_name ?? "";
    return {
      member: "SetPoolRule",
      change: { what, pool, rule },
      command: `ceph osd pool set ${pool} crush_rule ${rule}`,
    };
  }
  if (what === "crushReweight") {
    const items = crush.buckets.flatMap((one) => one.items);
    const weight = (items.find(({ id }) => id === osd)?.weight ?? 0) / whole;
    const command = `ceph osd crush reweight osd.${osd} ${weight}`;
    return { member: "", change: { what, osd, weight }, command };
  }
  const own = crush.buckets.find(({ name }) => name === bucket);
  const parent = crush.buckets.find(
    ({ name, items }) => !name.includes("~") && items.some(({ id }) => id === own?.id),
  );
  const to = parent?.name ?? "";
  const command = `ceph osd crush move ${bucket} ${parent?.type_name}=${to}`;
  return { member: "", change: { what, bucket, to }, command };
}

function undoOsd(osd: number, is: OsdMapOfDump["osds"][number] | undefined): Prediction["undo"] {
  const weight = is?.weight ?? 1;
  const member = "SetOsd";
  if (is?.in === false) {
    return { member, change: { what: "out", osd }, command: `ceph osd out ${osd}` };
  }
  // Marking it in gives it the weight that it had.
  if (weight === 1) return { member, change: { what: "in", osd }, command: `ceph osd in ${osd}` };
  const change = { what: "reweight", osd, weight } as const;
  return { member, change, command: `ceph osd reweight ${osd} ${weight}` };
}
