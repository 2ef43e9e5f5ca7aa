/** Daemons of a benchmark's own, and programs bundled for it. */
import { mkdtempSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { isAlive, readRecord } from "../../../packaging/setup/lib/daemons.js";
import { createStack } from "../../../packaging/setup/stack.js";

type Component = "bus" | "polkit" | "policies" | "incus";

export interface Bed {
  /** Short, below /var/tmp, and gone at the end. */
  directory: string;
  /** For programs that are to use these daemons. */
  environment: NodeJS.ProcessEnv;
  /** Socket of the bus. */
  busPath: string;
  /** Socket of Incus. */
  incusSocket: string;
  stack: ReturnType<typeof createStack>;
}

/** Starts the components, does the work, and takes everything away again. */
export async function withBed<T>(
  components: readonly Component[],
  work: (bed: Bed) => Promise<T>,
): Promise<T> {
  const directory = mkdtempSync("/var/tmp/dsecos-bench-");
  const stack = createStack({ mode: "private", stateDirectory: directory, components, poolGiB: 4 });
  const { environment, busAddress, incusDirectory } = stack.context;
  try {
    await stack.start();
    return await work({
      directory,
      environment: { ...process.env, ...environment },
      busPath: busAddress.replace("unix:path=", ""),
      incusSocket: join(incusDirectory, "unix.socket"),
      stack,
    });
  } finally {
    try {
      // All of it is thrown away, and an orderly end waits for Incus's long locks.
      const incus = readRecord(directory, "incus");
      if (isAlive(incus)) process.kill(incus.pid, "SIGKILL");
      await stack.stop();
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }
}

/** Bundles one of `programs/` into one file, as the agent is. @returns its path. */
export async function bundleProgram(name: string, directory: string): Promise<string> {
  const outfile = join(directory, `${name}.mjs`);
  await build({
    entryPoints: [resolve(import.meta.dirname, `../programs/${name}.ts`)],
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
