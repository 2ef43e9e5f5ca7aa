/**
 * How long the event loop of the agent's side is held while keys are made and used, large texts are
 * encrypted, and three hundred tokens and a hundred keys are listed, all at once: against a program
 * that does nothing on the same machine at the same time.
 */
import { newId } from "../../lib/hsm-driver.ts";
import { atMost, median, type Result } from "../case.ts";
import { bundleProgram } from "../lib/bed.ts";
import { token, withSigners } from "../lib/hsm.ts";
import { type Held, idle, Watched } from "../lib/watched.ts";

const tokens = 300;
const keys = 100;
const rounds = 5;
const keysInRound = 3;
const mostMs = 20;

export function run(): Promise<Result[]> {
  return withSigners({}, async ({ bed, driver }) => {
    for (let i = 0; i < tokens; i++) await driver.createToken(`tenant-${i}`);
    for (let i = 0; i < keys; i++) await driver.generateKey(token, newId(), "Ed25519");
    const seal = newId();
    await driver.generateKey(token, seal, "AES-256");
    const watch = await bundleProgram("loop-delay", bed.directory);
    const program = await bundleProgram("hsm-work", bed.directory);
    const other = new Watched(watch, idle);
    const own = new Watched(watch, [program, bed.socket, token, seal]);
    try {
      await Promise.all([other.watched, own.watched]);
      await own.said("round");
      const ours: Held[] = [];
      const theirs: Held[] = [];
      for (let round = 0; round < rounds; round++) {
        await Promise.all([own.delay(), other.delay()]);
        for (let key = 0; key < keysInRound; key++) await own.said("round");
        const [mine, its] = await Promise.all([own.delay(), other.delay()]);
        ours.push(mine);
        theirs.push(its);
      }
      const of = (held: Held[], by: keyof Held) => median(held.map((one) => one[by]));
      const [held, idled] = [of(ours, "max"), of(theirs, "max")];
      return [
        {
          ...atMost("hsm-loop, by the clock", "ms", held, idled, mostMs),
          // With two processors for all of this, even who has nothing to do waits for one.
          goal: `at most ${mostMs} ms longer than a program that does nothing`,
          holds: held - idled <= mostMs,
        },
        atMost("hsm-loop, own work", "ms", of(ours, "cpu"), of(theirs, "cpu"), mostMs),
      ];
    } finally {
      own.end();
      other.end();
    }
  });
}
