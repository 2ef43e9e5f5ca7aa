/**
 * What a permitted call costs with its intent and outcome on disk: against a bare dbus-next round
 * trip plus one append with fdatasync, rounds of all three taking turns.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import dbus from "dbus-next";
import { build } from "esbuild";
import { createStack } from "../../../packaging/setup/stack.js";
import { median, type Result, ratioAtMost } from "../case.ts";

const rounds = 5;
const calls = 300;

export async function run(): Promise<Result[]> {
  const stateDirectory = mkdtempSync("/var/tmp/dsecos-bench-");
  const components = ["bus", "polkit", "policies"] as const;
  const stack = createStack({ mode: "private", stateDirectory, components });
  try {
    await stack.start();
    const env = { ...process.env, ...stack.context.environment };
    const guarded = await program("guarded-service", stateDirectory);
    const bare = await program("bare-service", stateDirectory);
    const ours: number[] = [];
    const trips: number[] = [];
    const appends: number[] = [];
    for (let round = 0; round < rounds; round++) {
      ours.push(await served(guarded, env, stateDirectory));
      trips.push(await served(bare, env, stateDirectory));
      appends.push(append(join(stateDirectory, "append.log")));
    }
    const reference = median(trips) + median(appends);
    return [ratioAtMost("guarded-call", "ms", median(ours), reference, 2)];
  } finally {
    await stack.stop();
    rmSync(stateDirectory, { recursive: true, force: true });
  }
}

async function program(name: string, directory: string): Promise<string> {
  const outfile = join(directory, `${name}.mjs`);
  await build({
    entryPoints: [join(import.meta.dirname, `../programs/${name}.ts`)],
    bundle: true,
    platform: "node",
    format: "esm",
    external: ["usocket", "x11"],
    outfile,
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    },
  });
  return outfile;
}

/** @returns median milliseconds of a call to the program. */
async function served(file: string, env: NodeJS.ProcessEnv, directory: string): Promise<number> {
  const stdio = ["ignore", "pipe", "inherit"] as const;
  const child: ChildProcess = spawn(process.execPath, [file, directory], {
    env,
    stdio: [...stdio],
  });
  await once(child.stdout as NodeJS.ReadableStream, "data");
  try {
    const address = String(env.DBUS_SYSTEM_BUS_ADDRESS);
    const bus = dbus.sessionBus({ busAddress: address });
    const times: number[] = [];
    for (let i = 0; i < calls + 50; i++) {
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
      if (i >= 50) times.push(performance.now() - began);
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
