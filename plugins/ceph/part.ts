/** What a part of the page is given. */
import type { CephReport } from "../../agent/ceph/link/answers.ts";
import type { Place } from "../lib/location.ts";
import type * as parts from "../lib/parts.ts";

export interface PartProps {
  place: Place;
  status: CephReport;
}

export type Part = parts.Part<PartProps>;
export type Tab = parts.Tab<PartProps>;
export type TabGroup = parts.TabGroup<PartProps>;
