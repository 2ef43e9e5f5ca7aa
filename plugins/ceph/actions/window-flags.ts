/** Flags that can be set for a while, of all that Ceph has. */
import { windowFlags } from "../../../agent/ceph/actions/answers.ts";

export type WindowFlag = (typeof windowFlags)[number];

export const isWindowFlag = (flag: string): flag is WindowFlag =>
  windowFlags.some((known) => known === flag);
