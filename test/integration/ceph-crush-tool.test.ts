/** Placement that the agent computes, beside what Ceph's own tool computes, over random maps. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { tables } from "../../agent/ceph/crush/logarithm.ts";
import { crushMap, readDump } from "../../agent/ceph/crush/map.ts";
import { place } from "../../agent/ceph/crush/rule.ts";
import { compile, mappings, noCrushTool, randomFrom, randomMap } from "../lib/crush-maps.ts";

const maps = 24;
const count = 256;
const whole = 65_536;
const directory = mkdtempSync(join("/var/tmp", "dsecos-crush-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test.skipIf(noCrushTool !== "")(
  "placement is what crushtool says, over random trees, rules, weights and tunables",
  async () => {
    let placed = 0;
    for (let seed = 1; seed <= maps; seed += 1) {
      const random = randomFrom(seed * 7919);
      const { text, osds, rules } = randomMap(random);
      const { file, dump } = await compile(directory, `map-${seed}`, text);
      const map = crushMap(readDump(dump));
      const rule = map.rules.get(random.next(rules));
      if (rule === undefined) throw new Error("there is no such rule");
      const size = 1 + random.next(6);
      const weights = Array.from({ length: osds }, () => random.one([1, 1, 1, 1, 0, 0.25, 0.7]));
      const expected = await mappings(file, { rule: rule.rule_id, size, weights, count });
      const scaled = Float64Array.from(weights, (weight) => Math.trunc(weight * whole));
      const placing = { map, rule, pool: 0, size, weights: scaled };
      const own = Array.from({ length: count }, (_, x) => place(placing, x));
      expect(own, `map ${seed}, rule ${rule.rule_id}, size ${size}`).toEqual(expected);
      placed += own.filter((osds) => osds.length > 0).length;
    }
    expect(placed).toBeGreaterThan((maps * count) / 2);
  },
  120_000,
);

/** Where Debian has Ceph's own code of CRUSH. */
const library = "/usr/lib/x86_64-linux-gnu/ceph/libceph-common.so.2";

function bytesOf(words: readonly bigint[]): Buffer {
  const bytes = Buffer.alloc(words.length * 8);
  for (const [at, word] of words.entries()) bytes.writeBigUInt64LE(word, at * 8);
  return bytes;
}

test.skipIf(noCrushTool !== "" || !existsSync(library))(
  "tables of logarithms are those in Ceph's library, to the last bit",
  () => {
    const { coarses, fines } = tables();
    const code = readFileSync(library);
    const pairs = coarses.flatMap(({ reciprocal, logarithm }) => [reciprocal, logarithm]);
    expect(code.includes(bytesOf(pairs))).toBe(true);
    expect(code.includes(bytesOf(fines))).toBe(true);
  },
);
