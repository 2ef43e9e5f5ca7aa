/** What a health code means. */
import { daemonCodes } from "./codes/daemons.ts";
import { dataCodes } from "./codes/data.ts";
import { fileCodes } from "./codes/files.ts";
import { osdCodes } from "./codes/osds.ts";
import { type Explanation, explained } from "./codes/types.ts";

const codes = new Map(
  [daemonCodes, osdCodes, dataCodes, fileCodes].flatMap((part) => Object.entries(part)),
);

/** Of every code that is explained by its name. */
export const knownCodes: readonly string[] = [...codes.keys()];

/** A whole part of the CRUSH tree: OSD_HOST_DOWN, OSD_DATACENTER_DOWN and so on. */
const partDown = /^OSD_([A-Z][A-Z0-9_]*)_DOWN$/;

/** Undefined for a code that no version from 16 to 18 is known to have. */
export function explainCode(code: string): Explanation | undefined {
  const known = codes.get(code);
  if (known !== undefined) return known;
  const part = partDown.exec(code)?.[1]?.toLowerCase();
  if (part === undefined) return undefined;
  return explained(
    `All OSDs of a ${part} are down`,
    `The ${part} lost its power or its network, or every OSD in it ended.`,
    "Data there has fewer copies, and what lies nowhere else cannot be reached.",
    `Repair the ${part}; its OSDs come back by themselves when they are started.`,
    "ceph osd tree down",
  );
}
