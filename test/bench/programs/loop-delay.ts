/**
 * Loaded into a program before its own code: watches how long its event loop is held. It says when
 * it does; from then on it tells in a line whenever it gets SIGUSR2, and begins anew. `max` is by
 * the clock, with what other programs take of the processors; `cpu` is what the loop's own thread
 * worked at most between two turns. Both are milliseconds.
 */
import { openSync, readSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { isMainThread } from "node:worker_threads";

const turnMs = 1;

if (isMainThread) {
  const delays = monitorEventLoopDelay({ resolution: turnMs });
  delays.enable();
  const worked = threadTime();
  let last = worked();
  let cpu = 0;
  const turn = () => {
    const now = worked();
    cpu = Math.max(cpu, now - last);
    last = now;
  };
  setInterval(turn, turnMs).unref();
  process.on("SIGUSR2", () => {
    turn();
    const facts = { message: "loop delay", max: delays.max / 1e6, cpu };
    delays.reset();
    cpu = 0;
    process.stderr.write(`${JSON.stringify(facts)}\n`);
  });
  process.stderr.write(`${JSON.stringify({ message: "loop watched" })}\n`);
}

/** @returns a function that tells how long this thread was on a processor, in milliseconds. */
function threadTime(): () => number {
  const file = openSync(`/proc/self/task/${process.pid}/schedstat`, "r");
  const bytes = Buffer.alloc(64);
  return () =>
    Number.parseInt(bytes.toString("latin1", 0, readSync(file, bytes, 0, 64, 0)), 10) / 1e6;
}
