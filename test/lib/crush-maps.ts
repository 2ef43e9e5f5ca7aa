/** Random CRUSH maps, and what Ceph's own crushtool makes of them. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const bounds = { timeout: 60_000, maxBuffer: 64 * 1024 * 1024 };

/** Why nothing can be compared here; empty where it can. */
export const noCrushTool = ["crushtool", "osdmaptool"].every((name) =>
  existsSync(`/usr/bin/${name}`),
)
  ? ""
  : "crushtool or osdmaptool is not installed";

/** Pseudo-random, so that a failure comes again. */
export function randomFrom(seed: number) {
  let state = seed;
  const next = (below: number) => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
  return { next, one: <T>(of: readonly T[]) => of[next(of.length)] as T };
}
export type Random = ReturnType<typeof randomFrom>;

const types = ["osd", "host", "rack", "datacenter", "region", "root"];

interface Tree {
  id: number;
  name: string;
  weight: number;
}

export interface RandomMap {
  text: string;
  osds: number;
  rules: number;
}

/** In the form that crushtool compiles; a few percent of weights are 0. */
export function randomMap({ next, one }: Random): RandomMap {
  const lines = [
    "tunable choose_local_tries 0",
    "tunable choose_local_fallback_tries 0",
    `tunable choose_total_tries ${one([5, 19, 50])}`,
    `tunable chooseleaf_descend_once ${one([0, 1, 1])}`,
    `tunable chooseleaf_vary_r ${one([0, 1, 1, 2, 4])}`,
    `tunable chooseleaf_stable ${one([0, 1, 1])}`,
    "tunable straw_calc_version 1",
    "tunable allowed_bucket_algs 54",
  ];
  const buckets: string[] = [];
  const devices: string[] = [];
  const sizes: [number, number][] = [];
  let lastId = 0;
  const make = (depth: number, name: string): Tree => {
    if (depth === 0) {
      const id = devices.length;
      devices.push(`device ${id} osd.${id} class ${one(["hdd", "ssd"])}`);
      return { id, name: `osd.${id}`, weight: next(20) === 0 ? 0 : (1 + next(4000)) / 100 };
    }
    const count = depth === types.length - 1 ? 2 + next(2) : 1 + next(4);
    const inner = Array.from({ length: count }, (_, at) => make(depth - 1, `${name}-${at}`));
    lastId -= 1;
    sizes.push([lastId, count]);
    const items = inner.map((item) => `\titem ${item.name} weight ${item.weight.toFixed(3)}`);
    const head = [`${types[depth]} ${name} {`, `\tid ${lastId}`, "\talg straw2", "\thash 0"];
    buckets.push(...head, ...items, "}");
    const weight = inner.reduce((sum, item) => sum + Number(item.weight.toFixed(3)), 0);
    return { id: lastId, name, weight };
  };
  make(types.length - 1, "all");
  const rules = Array.from({ length: 6 }, (_, id) => rule(id, { next, one }));
  const args = next(100) < 40 ? [] : chooseArgs(sizes, { next, one });
  const text = [
    ...lines,
    ...devices,
    ...types.map((name, id) => `type ${id} ${name}`),
    ...buckets,
    ...rules.flat(),
    ...args,
  ].join("\n");
  return { text: `${text}\n`, osds: devices.length, rules: rules.length };
}

/** What the balancer writes: other weights, and rarely other numbers to hash. */
function chooseArgs(sizes: readonly (readonly [number, number])[], { next }: Random): string[] {
  // By position in what is chosen; the same for all buckets.
  const positions = 1 + (next(300) % 3);
  const entries = sizes.map(([id, count]) => {
    const set = () =>
      Array.from({ length: count }, () => ((1 + next(4000)) / 100).toFixed(3)).join(" ");
    const more = Array.from({ length: positions }, () => `\n[ ${set()} ]`).join("");
    const ids = Array.from({ length: count }, () => -1 - next(900)).join(" ");
    const renamed = next(8) === 0 ? `\nids [ ${ids} ]` : "";
    return `{\nbucket_id ${id}\nweight_set [${more}\n]${renamed}\n}`;
  });
  return ["choose_args 0 {", ...entries, "}"];
}

function rule(id: number, { next, one }: Random): string[] {
  const apart = next(2) === 0;
  const way = apart ? "indep" : "firstn";
  const taken = one(["all", "all class hdd", "all class ssd"]);
  const settings = one([[], ["step set_choose_tries 100"], ["step set_chooseleaf_tries 5"]]);
  const [outer, inner] = one([
    ["region", "host"],
    ["datacenter", "rack"],
    ["region", "osd"],
  ]);
  const steps = one([
    [`step chooseleaf ${way} 0 type ${one(["host", "rack", "datacenter", "region"])}`],
    [`step choose ${way} 0 type osd`],
    [`step choose ${way} 2 type ${outer}`, `step chooseleaf ${way} 2 type ${inner}`],
    [`step choose ${way} 3 type ${outer}`, `step choose ${way} 1 type osd`],
    [
      `step chooseleaf ${way} -1 type host`,
      "step emit",
      "step take all",
      `step choose ${way} 1 type osd`,
    ],
  ]);
  return [
    `rule rule-${id} {`,
    `id ${id}`,
    `type ${apart ? "erasure" : "replicated"}`,
    ...["min_size 1", "max_size 10", ...settings],
    ...[`step take ${taken}`, ...steps, "step emit", "}"],
  ];
}

/** Compiles a map, and reads it as `ceph osd crush dump` would print it. */
export async function compile(directory: string, name: string, text: string) {
  const source = join(directory, `${name}.txt`);
  const file = join(directory, name);
  await writeFile(source, text);
  await run("crushtool", ["-c", source, "-o", file], bounds);
  const { stdout } = await run("crushtool", ["-i", file, "--dump"], bounds);
  return { file, dump: JSON.parse(stdout) as unknown };
}

export interface Mappings {
  rule: number;
  size: number;
  /** 0 to 1, by OSD. */
  weights: readonly number[];
  count: number;
}

/** What crushtool chooses for 0 to `count`, without it. */
export async function mappings(file: string, { rule, size, weights, count }: Mappings) {
  const weighted = weights.flatMap((weight, osd) =>
    weight === 1 ? [] : ["--weight", String(osd), String(weight)],
  );
  const what = ["--rule", String(rule), "--num-rep", String(size), "--max-x", String(count - 1)];
  const args = ["-i", file, "--test", "--show-mappings", "--min-x", "0", ...what, ...weighted];
  const { stdout } = await run("crushtool", args, bounds);
  return stdout.split("\n").flatMap((line) => {
    const found = /^CRUSH rule \d+ x \d+ \[(.*)\]$/.exec(line);
    return found === null ? [] : [(found[1] ?? "").split(",").filter(Boolean).map(Number)];
  });
}
