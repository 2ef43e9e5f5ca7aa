/** Acts that several lists of ways out share. */
import { type Base, ruleOf } from "../ceph-base.ts";

export interface Leak {
  name: string;
  /** Whose data leaves; `tenants-uk` unless told. */
  pool?: string;
  leave: (base: Base) => void;
  verdict: "violated" | "unknown";
}

/** OSD. */
export const dubai = 3;
/** Rule. */
export const region = "uk-region";

export function retake(base: Base, item: number, item_name: string): void {
  Object.assign(ruleOf(base, region).steps[0] ?? {}, { item, item_name });
}

export function osd({ osdmap }: Base, id: number) {
  const found = osdmap.osds.find((each) => each.osd === id);
  if (found === undefined) throw new Error(`the recorded cluster has no osd.${id}`);
  return found;
}
