/**
 * Loaded into a program before its own code: watches how long its event loop is held. It says when
 * it does; from then on it tells in a line whenever it gets SIGUSR2, and begins anew.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { isMainThread } from "node:worker_threads";

if (isMainThread) {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  process.on("SIGUSR2", () => {
    const ms = (nanoseconds: number) => nanoseconds / 1e6;
    const { max, count } = delays;
    const facts = { message: "loop delay", max: ms(max), p99: ms(delays.percentile(99)), count };
    delays.reset();
    process.stderr.write(`${JSON.stringify(facts)}\n`);
  });
  process.stderr.write(`${JSON.stringify({ message: "loop watched" })}\n`);
}
