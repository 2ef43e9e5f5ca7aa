/**
 * What a permitted call costs with its intent and outcome on disk: against a bare dbus-next round
 * trip plus one append with fdatasync, rounds of all three taking turns.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import dbus from "dbus-next";
import { auditWriter } from "../../lib/audit-writer.ts";
import { median, type Result, ratioAtMost } from "../case.ts";
import { bundleProgram, withBed } from "../lib/bed.ts";

const rounds = 5;
const calls = 300;
/** An agent runs for weeks: what counts is the call after V8 has compiled its way. */
const warmUp = 1000;

export function run(): Promise<Result[]> {
  return withBed(["bus", "polkit", "policies"], async ({ directory, environment }) => {
    const guarded = await bundleProgram("guarded-service", directory);
    const bare = await bundleProgram("bare-service", directory);
    const ours: number[] = [];
    const trips: number[] = [];
    const appends: number[] = [];
    for (let round = 0; round < rounds; round++) {
      ours.push(await served(guarded, environment, directory));
      trips.push(await served(bare, environment, directory));
      appends.push(append(join(directory, "append.log")));
    }
    const reference = median(trips) + median(appends);
    return [ratioAtMost("guarded-call", "ms", median(ours), reference, 2)];
  });
}

/** @returns median milliseconds of a call to the program. */
async function served(file: string, env: NodeJS.ProcessEnv, directory: string): Promise<number> {
  const stdio = ["ignore", "pipe", "inherit"] as const;
  const child: ChildProcess = spawn(process.execPath, [file, directory, auditWriter()], {
    env,
    stdio: [...stdio],
  });
  await once(child.stdout as NodeJS.ReadableStream, "data");
  try {
    const address = String(env.DBUS_SYSTEM_BUS_ADDRESS);
    const bus = dbus.sessionBus({ busAddress: address });
    const times: number[] = [];
    for (let i = 0; i < calls + warmUp; i++) {
      const message = new dbus.Message({
        destination: "org.dsecos.Agent",
        path: "/org/dsecos/guarded",
        interface: "org.dsecos.Guarded1",
        member: "Touch",
        signature: "s",
        body: [`value ${i}`],
      });
      const began = performance.now();
      await bus.call(message);
      if (i >= warmUp) times.push(performance.now() - began);
    }
    bus.disconnect();
    return median(times);
  } finally {
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }
}

/** @returns median milliseconds of one append of an entry's size with fdatasync. */
function append(file: string): number {
  const descriptor = openSync(file, "a");
  const entry = Buffer.alloc(500, "x");
  const times: number[] = [];
  for (let i = 0; i < calls; i++) {
    const began = performance.now();
    writeSync(descriptor, entry);
    fdatasyncSync(descriptor);
    times.push(performance.now() - began);
  }
  closeSync(descriptor);
  return median(times);
}
