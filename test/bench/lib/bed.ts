/** Daemons of a benchmark's own, and programs bundled for it. */
import { mkdirSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { isAlive, readRecord, startTimeOf } from "../../../packaging/setup/lib/daemons.js";
import { until } from "../../../packaging/setup/lib/wait.js";
import { createStack } from "../../../packaging/setup/stack.js";
import { removeTree } from "../../lib/remove-tree.js";

type Component = "bus" | "polkit" | "policies" | "incus" | "cockpit";

export interface Bed {
  /** Short, below /var/tmp, and gone at the end. */
  directory: string;
  /** For programs that are to use these daemons. */
  environment: NodeJS.ProcessEnv;
  /** Socket of the bus. */
  busPath: string;
  /** Socket of Incus. */
  incusSocket: string;
  /** Address of its Cockpit; port 0 where it has none. */
  cockpit: string;
}

interface BedOptions {
  /** Tells beds of one process apart: one more character of the directory's name. */
  letter?: string;
  /** Whose session everybody has in its Cockpit. */
  person?: string;
}

const place = "/var/tmp";
const prefix = "dsecos-bench-";

/** Starts the components, does the work, and takes everything away again. */
export async function withBed<T>(
  components: readonly Component[],
  work: (bed: Bed) => Promise<T>,
  { letter = "", person }: BedOptions = {},
): Promise<T> {
  await sweep();
  const directory = join(place, `${prefix}${process.pid}${letter}`);
  mkdirSync(directory);
  const stack = stackOf(directory, components, person);
  const { environment, busAddress, incusDirectory } = stack.context;
  try {
    await stack.start();
    return await work({
      directory,
      environment: { ...process.env, ...environment },
      busPath: busAddress.replace("unix:path=", ""),
      incusSocket: join(incusDirectory, "unix.socket"),
      cockpit: `http://127.0.0.1:${stack.cockpit.port()}`,
    });
  } finally {
    await remove(directory, components);
  }
}

function stackOf(stateDirectory: string, components: readonly Component[], person?: string) {
  const cockpit = person === undefined ? {} : { localSession: person };
  return createStack({ mode: "private", stateDirectory, components, poolGiB: 4, cockpit });
}

async function remove(directory: string, components: readonly Component[]): Promise<void> {
  try {
    // All of it is thrown away, and an orderly end waits for Incus's long locks.
    const incus = readRecord(directory, "incus");
    if (isAlive(incus)) {
      process.kill(incus.pid, "SIGKILL");
      await until("Incus to end", 10, () => !isAlive(incus));
    }
    await stackOf(directory, components).stop();
  } finally {
    removeTree(directory);
  }
}

/** Ends what a run left that was killed: the directory has the process id of its owner. */
async function sweep(): Promise<void> {
  for (const name of readdirSync(place)) {
    const owner = /^\d+(?=[a-z]?$)/.exec(name.startsWith(prefix) ? name.slice(prefix.length) : "");
    if (owner === null || startTimeOf(Number(owner[0])) !== null) continue;
    await remove(join(place, name), ["bus", "polkit", "policies", "incus", "cockpit"]);
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
