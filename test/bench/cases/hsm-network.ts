/**
 * An HSM behind a network, as a module that takes 2 ms longer for each call: 32 calls at once on
 * threads of their own, against one session whose calls wait for each other. By the clock, since
 * waiting is what this is about; and encryptions, since SoftHSM computes signatures with this
 * machine's own processors, which an HSM does not.
 */
import { newId } from "../../lib/hsm-driver.ts";
import { compileFaults } from "../../lib/hsm-faults/faults.ts";
import { median, type Result, ratioAtLeast } from "../case.ts";
import { cpuOfAll, type SigningBed, token, withSigners } from "../lib/hsm.ts";

const rounds = 7;
const counts = { many: 2000, one: 200 };
const depths = { many: 128, one: 1 };
const id = newId();

export async function run(): Promise<Result[]> {
  const faults = await compileFaults();
  const options = (concurrency: number) => ({
    config: { module: faults.module, concurrency },
    environment: { DSECOS_FAULTS: faults.environment.DSECOS_FAULTS ?? "" },
  });
  try {
    return await withSigners(options(32), (many) =>
      withSigners(options(1), async (one) => {
        for (const { driver } of [many, one]) await driver.generateKey(token, id, "AES-256");
        faults.set("delay 2000");
        const ours: number[] = [];
        const theirs: number[] = [];
        await rate(many, counts.many, depths.many);
        const before = cpuOfAll(many);
        for (let round = 0; round < rounds; round++) {
          ours.push(await rate(many, counts.many, depths.many));
          theirs.push(await rate(one, counts.one, depths.one));
        }
        const spent = (cpuOfAll(many) - before) / (rounds * counts.many);
        console.log(`${(spent * 1e6).toFixed(0)} us of CPU an encryption`);
        return [ratioAtLeast("hsm-network", "encryptions/s", median(ours), median(theirs), 10)];
      }),
    );
  } finally {
    faults.remove();
  }
}

/** @returns encryptions a second. */
async function rate({ driver }: SigningBed, count: number, depth: number): Promise<number> {
  let left = count;
  const data = Buffer.alloc(48, 1);
  const seal = { id, aad: Buffer.from("bench") };
  const began = performance.now();
  const one = async () => {
    while (left > 0) {
      left -= 1;
      await driver.encrypt(token, seal, data);
    }
  };
  await Promise.all(Array.from({ length: depth }, one));
  return (count / (performance.now() - began)) * 1000;
}
