/**
 * The mechanisms of a token: about eighty of them, and the same for a thousand tokens of a module.
 * They travel as 32-bit numbers, and one list is made for all tokens that have the same.
 */
import { WireError } from "./buffers.ts";
import type { Shape } from "./shapes.ts";

const mostMechanisms = 1024;
const mostKept = 64;
const known = new Map<string, readonly string[]>();

export const mechanismList: Shape<readonly string[]> = {
  write(to, values) {
    const packed = Buffer.alloc(values.length * 4);
    values.forEach((value, i) => {
      packed.writeUInt32BE(Number(value), i * 4);
    });
    to.bytes(packed);
  },
  read(from) {
    const packed = from.bytes(mostMechanisms * 4);
    if (packed.length % 4 !== 0) throw new WireError("a list of mechanisms is cut off");
    const key = packed.toString("latin1");
    const kept = known.get(key);
    if (kept !== undefined) return kept;
    const values: string[] = [];
    for (let at = 0; at < packed.length; at += 4) {
      values.push(`0x${packed.readUInt32BE(at).toString(16)}`);
    }
    if (known.size >= mostKept) known.clear();
    known.set(key, values);
    return values;
  },
};
