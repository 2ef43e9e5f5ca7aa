/**
 * The proof that data of 100 pools stays in its jurisdictions, on the generated maps of a cluster with
 * 4,320 OSDs and 100,000 placement groups: taking them apart, proving, and naming all inputs by their
 * hash, in a thread of a fresh process. Reference: JSON.parse of the same texts, likewise. By the clock,
 * and what all threads of the process worked together, which is more by what V8 does beside the proof
 * and is the same however busy the machine is. A MB has 1,000,000 bytes.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { run as execute } from "../../../packaging/setup/lib/run.js";
import { atMost, median, type Result } from "../case.ts";
import { bundleProgram } from "../lib/bed.ts";
import { generatedCluster } from "../lib/generated-cluster.ts";

const size = { osds: 4320, pools: 100, pgs: 100_000 };
const rounds = 5;
const limits = { milliseconds: 1000, peakMb: 300 };

interface Taken {
  milliseconds: number;
  cpuMilliseconds: number;
  peakKiB: number;
  verdict: string;
}

export async function run(): Promise<Result[]> {
  const directory = mkdtempSync(join(tmpdir(), "dsecos-bench-"));
  try {
    const program = await bundleProgram("prove-residency", directory);
    const worker = join(directory, "worker.mjs");
    const entry = new URL("../../../agent/ceph/residency/worker.ts", import.meta.url).pathname;
    await build({
      ...{ entryPoints: [entry], outfile: worker, bundle: true, platform: "node", format: "esm" },
    });
    const { texts, ...rest } = generatedCluster(size);
    for (const [name, text] of Object.entries(texts)) writeFileSync(join(directory, name), text);
    writeFileSync(join(directory, "rest"), JSON.stringify(rest));
    const bytes = Object.values(texts).reduce((sum, text) => sum + text.length, 0);
    console.log(
      `${size.pgs} groups, ${size.osds} OSDs, ${size.pools} pools: ${bytes} bytes of JSON`,
    );
    const proofs: Taken[] = [];
    const parsings: Taken[] = [];
    for (let round = 0; round < rounds; round++) {
      parsings.push(await take(program, directory));
      const proof = await take(program, directory, worker);
      if (proof.verdict !== "proven") throw new Error(`the generated cluster is ${proof.verdict}`);
      proofs.push(proof);
    }
    const time = (taken: Taken[]) => median(taken.map(({ milliseconds }) => milliseconds));
    const work = (taken: Taken[]) => median(taken.map(({ cpuMilliseconds }) => cpuMilliseconds));
    const peak = (taken: Taken[]) =>
      (Math.max(...taken.map(({ peakKiB }) => peakKiB)) * 1024) / 1e6;
    return [
      atMost("ceph-residency", "ms", time(proofs), time(parsings), limits.milliseconds),
      atMost(
        ...(["ceph-residency, work of all threads", "ms", work(proofs), work(parsings)] as const),
        limits.milliseconds,
      ),
      atMost("ceph-residency, peak memory", "MB", peak(proofs), peak(parsings), limits.peakMb),
    ];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function take(program: string, ...words: string[]): Promise<Taken> {
  const { stdout } = await execute(process.execPath, [program, ...words], { seconds: 120 });
  return JSON.parse(stdout);
}
