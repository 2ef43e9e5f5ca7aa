/**
 * From the end of a driver's process, by a module that dies in a call, until a key is used again: the
 * call that was under way is sent once more, so its answer is that moment. The reference is a process
 * of Node that starts and does nothing.
 */
import { execFileSync } from "node:child_process";
import { until } from "../../lib/hsm-driver.ts";
import { compileFaults } from "../../lib/hsm-faults/faults.ts";
import { atMost, median, type Result } from "../case.ts";
import { signMany, withSigners } from "../lib/hsm.ts";

const rounds = 7;
const mostMs = 1000;

export async function run(): Promise<Result[]> {
  const faults = await compileFaults();
  try {
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const options = { config: { module: faults.module }, environment: faults.environment };
      ours.push(
        await withSigners(options, async (bed) => {
          await signMany(bed, "P-384", 1, 1);
          faults.set("once crash");
          const began = performance.now();
          await signMany(bed, "P-384", 1, 1);
          const taken = performance.now() - began;
          await until(bed.driver, () => bed.driver.status().state === "ready");
          if (bed.driver.status().restarts !== 1) throw new Error("the module did not die");
          return taken;
        }),
      );
      const began = performance.now();
      execFileSync(process.execPath, ["-e", "0"], { timeout: 30_000 });
      theirs.push(performance.now() - began);
    }
    console.log(`each: ${ours.map((ms) => ms.toFixed(0)).join(", ")} ms`);
    return [atMost("hsm-crash", "ms", median(ours), median(theirs), mostMs)];
  } finally {
    faults.remove();
  }
}
