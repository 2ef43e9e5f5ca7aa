/** The verb that proves where a cluster's data is from files, without an agent or a cluster. */
import { notIntact } from "../bus/derive/exit-codes.ts";
import { DsecosError } from "../bus/errors.ts";
import { type Demand, demandsOf } from "../ceph/residency/map/document.ts";
import { mapKey, mapKeyId, mostMapBytes, openMap, readMap } from "../ceph/residency/map/signed.ts";
import { type Ground, prove } from "../ceph/residency/prove.ts";
import { jsonOf, NotJson } from "../ceph/residency/read/shape.ts";
import type { Verdict } from "../ceph/residency/verdict.ts";
import { verdictInWords } from "../ceph/residency/words.ts";
import { mostKeyBytes, readBounded } from "./files.ts";
import type { ParsedCall } from "./parse.ts";
import type { Terminal } from "./terminal.ts";
import { harmless } from "./text.ts";

interface ProveOptions {
  osdmap: string;
  crush: string;
  pgs?: string;
  holdings?: string;
  counts?: string;
  exits?: string;
  map: string;
  key?: string;
  allow?: string[];
}

/** Some ten times what the largest clusters print, in bytes. */
const mostBytes = 256 * 1024 * 1024;

const printing: Record<string, string> = {
  osdmap: "ceph osd dump -f json",
  crush: "ceph osd crush dump -f json",
  pgs: "ceph pg dump pgs_brief -f json",
  counts: "ceph pg dump osds -f json",
};

export async function proveResidency(call: ParsedCall, terminal: Terminal): Promise<number> {
  const [options] = call.inputs as [ProveOptions];
  const { map: mapFile, key: keyFile, allow = [] } = options;
  const key =
    keyFile === undefined ? undefined : mapKey(String(readBounded(keyFile, mostKeyBytes)), keyFile);
  const content = String(readBounded(mapFile, mostMapBytes));
  const map = key === undefined ? readMap(content, mapFile) : openMap(content, mapFile, [key]);
  const demands = joined(demandsOf(map), allow);
  if (demands.length === 0) {
    const what = `${mapFile} names no pool: say where one may be with --allow POOL=UK.`;
    throw new DsecosError("InvalidArgument", what);
  }
  const verdict = proved(options, map, demands);
  const signed =
    key === undefined ? "its signature was not verified" : `signed by ${mapKeyId(key)}`;
  const text = call.common.has("json")
    ? JSON.stringify(verdict, null, 2)
    : verdictInWords(verdict, signed).split("\n").map(harmless).join("\n");
  terminal.print(text);
  return verdict.verdict === "proven" ? 0 : notIntact;
}

/** @throws DsecosError where a file cannot be read or is no JSON */
function proved(options: ProveOptions, map: Ground, demands: readonly Demand[]): Verdict {
  const { osdmap, crush, pgs, holdings, counts, exits } = options;
  const given = (file: string | undefined) =>
    file === undefined ? undefined : readBounded(file, mostBytes);
  const sent = given(exits);
  try {
    const evidence = {
      ...{ osdmap: readBounded(osdmap, mostBytes), crush: readBounded(crush, mostBytes) },
      ...{ pgs: given(pgs), holdings: given(holdings), counts: given(counts) },
      exits: sent === undefined ? undefined : jsonOf(sent, "exits"),
    };
    return prove(evidence, map, demands);
  } catch (error) {
    if (error instanceof NotJson) throw noJson(options, error);
    throw error;
  }
}

/** What is said of a pool on the command line holds in the place of what the map says. */
function joined(demands: readonly Demand[], allow: readonly string[]): Demand[] {
  const told = allow.map((word) => {
    const at = word.lastIndexOf("=");
    return { pool: word.slice(0, at), allowed: word.slice(at + 1).split(",") };
  });
  const names = new Set(told.map(({ pool }) => pool));
  return [...demands.filter(({ pool }) => !names.has(pool)), ...told];
}

function noJson(options: ProveOptions, error: NotJson): DsecosError {
  const file = options[error.input as keyof ProveOptions];
  const by = printing[error.input];
  const what =
    by === undefined
      ? `${file} is no JSON.`
      : `${file} is no JSON; a binary map cannot be read. Write it with: ${by} > ${file}`;
  return new DsecosError("InvalidArgument", what, { cause: error });
}
