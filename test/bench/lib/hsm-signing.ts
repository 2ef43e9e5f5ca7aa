/** Signatures through a driver beside those of a program that calls SoftHSM itself, in turns. */
import { median, type Result, ratioAtLeast } from "../case.ts";
import { cpuOfAll, type Signer, signers, signMany, startDirectSigner, withSigners } from "./hsm.ts";

const rounds = 9;

/** @param depth calls on their way at once */
export function compareSigning(
  name: string,
  depth: number,
  least: number,
  counts: Record<Signer, number>,
): Promise<Result[]> {
  return withSigners({}, async (bed) => {
    const direct = await startDirectSigner(bed.bed.directory);
    try {
      const results: Result[] = [];
      for (const algorithm of signers) {
        const count = counts[algorithm];
        const ours: number[] = [];
        const theirs: number[] = [];
        await signMany(bed, algorithm, count, depth);
        await direct.sign(algorithm, count);
        for (let round = 0; round < rounds; round++) {
          const before = cpuOfAll(bed);
          await signMany(bed, algorithm, count, depth);
          ours.push(count / (cpuOfAll(bed) - before));
          theirs.push(count / (await direct.sign(algorithm, count)));
        }
        const unit = "signatures/CPU-s";
        results.push(
          ratioAtLeast(`${name}, ${algorithm}`, unit, median(ours), median(theirs), least),
        );
      }
      return results;
    } finally {
      direct.end();
    }
  });
}
