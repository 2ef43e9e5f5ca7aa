/** OSDs of `osd dump`, looked at by hand: a large cluster has thousands, and they are read every few seconds. */
import * as v from "valibot";

interface Addresses {
  addrvec: { type: string; addr: string }[];
}

export interface PrintedOsd {
  osd: number;
  uuid: string;
  up: 0 | 1;
  in: 0 | 1;
  /** What `ceph osd reweight` sets, 0 to 1. */
  weight: number;
  state: string[];
  public_addrs: Addresses;
  cluster_addrs: Addresses;
}

const isText = (value: unknown) => typeof value === "string";
const isFlag = (value: unknown) => value === 0 || value === 1;

function isOsd(value: unknown): value is PrintedOsd {
  if (typeof value !== "object" || value === null) return false;
  const osd = value as Record<keyof PrintedOsd, unknown>;
  return (
    typeof osd.osd === "number" &&
    isText(osd.uuid) &&
    isFlag(osd.up) &&
    isFlag(osd.in) &&
    typeof osd.weight === "number" &&
    Array.isArray(osd.state) &&
    osd.state.every(isText) &&
    isAddresses(osd.public_addrs) &&
    isAddresses(osd.cluster_addrs)
  );
}

function isAddresses(value: unknown): value is Addresses {
  const list = (value as Partial<Addresses> | null | undefined)?.addrvec;
  return Array.isArray(list) && list.every((one) => isText(one?.type) && isText(one?.addr));
}

export const osdsSchema = v.custom<PrintedOsd[]>(
  (value) => Array.isArray(value) && value.every(isOsd),
);
