/**
 * An Incus of the test's own with the services over it, and no agent: an agent would put the same
 * things right at the same time, and the test could not tell who did it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, linkSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { build } from "esbuild";
import { type Cloud, createCloud } from "../../agent/incus/cloud.ts";
import type { InstanceSpec } from "../../agent/instances/contract.ts";
import type { LoadedSlots } from "../../agent/selinux/policy/slots.ts";
import type { TenantSpec } from "../../agent/tenants/contract.ts";
import { buildImage } from "../../packaging/image/build.js";
import { incusApi } from "../../packaging/setup/lib/incus-api.js";
import { createStack } from "../../packaging/setup/stack.js";
import { FakeJobs, fakeCall, RecordingAudit } from "./incus-fakes.ts";

/** Reason why tests with a real Incus cannot run here; empty when they can. */
export const missing =
  process.env.DSECOS_TEST_INCUS === undefined ? "no Incus (DSECOS_TEST_INCUS)" : "";

export interface Bench {
  cloud: Cloud;
  jobs: FakeJobs;
  audit: RecordingAudit;
  api: ReturnType<typeof incusApi>;
  incus: { start(): Promise<unknown>; stop(): Promise<unknown> };
  socketPath: string;
  imageFile: string;
  /** For the command line of Incus. */
  environment: NodeJS.ProcessEnv;
  /** A cloud as after a restart of the agent: nothing of the first one's memory. */
  another(
    node: string,
    injectedSlots?: () => LoadedSlots,
  ): { cloud: Cloud; jobs: FakeJobs; audit: RecordingAudit };
  end(): Promise<void>;
}

/**
 * @param injectedSlots stands for the policy that the kernel has loaded, which no test can load; none
 *   unless told
 */
export async function startBench(injectedSlots?: () => LoadedSlots): Promise<Bench> {
  const stateDirectory = mkdtempSync("/var/tmp/dsecos-cloud-");
  const stack = createStack({
    mode: "private",
    stateDirectory,
    components: ["incus"],
    poolGiB: 8,
  });
  await stack.start();
  const socketPath = join(stack.context.incusDirectory, "unix.socket");
  const images = join(stateDirectory, "images");
  mkdirSync(images);
  const { file } = await buildImage();
  place(file, join(images, basename(file)));
  const clouds: Cloud[] = [];
  const another = (node: string, slots = injectedSlots ?? (() => "none" as const)) => {
    const jobs = new FakeJobs();
    const audit = new RecordingAudit();
    const log = () => undefined;
    const options = { socketPath, storagePool: "default", jobs, audit, log, images, node, slots };
    const cloud = createCloud({ ...options, patienceMs: 60_000 });
    clouds.push(cloud);
    cloud.start();
    return { cloud, jobs, audit };
  };
  return {
    ...another("first"),
    socketPath,
    api: incusApi(socketPath),
    incus: stack.component("incus"),
    imageFile: basename(file),
    environment: { ...process.env, ...stack.context.environment },
    another,
    end: async () => {
      for (const cloud of clouds) await cloud.stop();
      await stack.stop();
      rmSync(stateDirectory, { recursive: true, force: true });
    },
  };
}

function place(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to); // Another file system.
  }
}

export const call = fakeCall;

export function tenantSpec(domain: string, quota = { cpu: "8", ram: "4GiB", storage: "8GiB" }) {
  const spec: TenantSpec = {
    displayName: "Ministry of Tests",
    domain,
    classification: "secret",
    jurisdiction: "UK",
    quota,
    contacts: ["soc@tests.example"],
  };
  return spec;
}

export const small: InstanceSpec = {
  image: "debian-13",
  type: "container",
  count: 1,
  cpu: 1,
  ram: "128MiB",
  storage: "512MiB",
  start: true,
};

/** Waits until it is so. @throws after `seconds`. */
export async function until(isSo: () => Promise<boolean> | boolean, seconds = 20): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    if (await isSo()) return;
    await delay(100);
  }
  throw new Error(`it did not become so within ${seconds} s: ${isSo}`);
}

/** Another process that begins to create `count` instances, for a test to kill. */
export function startChild(
  socketPath: string,
  node: string,
  tenant: string,
  count: number,
): Promise<ChildProcess> {
  return startProgram("incus-child.ts", [socketPath, node, tenant, String(count)]);
}

/** Another process with a program of this folder, for a test to kill. */
export async function startProgram(
  program: string,
  args: readonly string[],
): Promise<ChildProcess> {
  const outfile = join(mkdtempSync("/var/tmp/dsecos-child-"), "child.mjs");
  await build({
    entryPoints: [join(import.meta.dirname, program)],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "error",
    banner: { js: 'import{createRequire}from"module";const require=createRequire("/");' },
  });
  const child = spawn(process.execPath, [outfile, ...args], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  child.once("exit", () => rmSync(dirname(outfile), { recursive: true, force: true }));
  return child;
}
