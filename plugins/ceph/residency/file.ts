/** Reads a signed map that a person chose; whether it is believed, the agent says. */
import * as v from "valibot";
import { mostSentBytes } from "../../../agent/ceph/residency/map/members.ts";
import { PageError } from "../../lib/errors.ts";
import { _, format, size } from "../../lib/i18n.ts";

/** Of a signed map, what is told before it is sent. */
const shape = v.object({
  map: v.object({
    serial: v.number(),
    buckets: v.array(v.unknown()),
    pools: v.array(v.object({ name: v.string() })),
  }),
  signatures: v.array(v.unknown()),
});

export interface MapFile {
  name: string;
  /** SHA-256, as sha256sum prints it. */
  hash: string;
  /** In base64. */
  content: string;
  serial: number;
  pools: number;
  signatures: number;
}

/** @throws PageError that says what is wrong with the file */
export async function readMapFile(file: File): Promise<MapFile> {
  if (file.size > mostSentBytes) {
    const most = size(mostSentBytes / 1024);
    throw wrong(
      format(_("$0 is larger than $1; have it put in its place by hand."), file.name, most),
    );
  }
  const bytes = new Uint8Array(await file.arrayBuffer());
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const parsed = v.safeParse(shape, parse(new TextDecoder().decode(bytes)));
  if (!parsed.success) {
    throw wrong(format(_("$0 is no signed map; “dsecos ceph sign-map” makes one."), file.name));
  }
  const { map, signatures } = parsed.output;
  return {
    ...{ name: file.name, hash: hex(digest), content: base64(bytes) },
    ...{ serial: map.serial, pools: map.pools.length, signatures: signatures.length },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const wrong = (sentence: string) => new PageError("InvalidArgument", sentence);

const hex = (bytes: Uint8Array) =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

const base64 = (bytes: Uint8Array) =>
  btoa([...bytes].map((byte) => String.fromCharCode(byte)).join(""));
