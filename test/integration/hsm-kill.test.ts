/**
 * The agent's side is killed at random moments of making, rotating and destroying keys in a real
 * SoftHSM. After every start each key is whole or was never there, and nothing lies around.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createHsmBed, type HsmBed } from "../lib/hsm-driver.ts";

const kills = Number(process.env.DSECOS_TEST_KILLS ?? 20);
const tenant = "killed";
let bed: HsmBed;
let program: string;
let directory: string;

beforeAll(async () => {
  bed = await createHsmBed();
  await bed.driver.createToken(tenant);
  directory = join(bed.directory, "hsm.d");
  mkdirSync(directory);
  copyFileSync(bed.configFile, join(directory, "test.json"));
  program = join(bed.directory, "program.mjs");
  const entryPoints = [join(import.meta.dirname, "hsm-kill-program.ts")];
  await build({ entryPoints, bundle: true, platform: "node", format: "esm", outfile: program });
});
afterAll(() => bed?.remove());

interface Found {
  alarms: unknown[];
  keys: {
    name: string;
    state: string;
    frozen: string;
    versions: { version: number; id?: string; under?: string; destroyed: boolean }[];
  }[];
  labels: string[];
  objects: { id: string; algorithm: string }[];
}

/** What was told to be done in all lives, by key. */
const told = new Map<string, Set<string>>();
/** When to kill, in acts; pseudo-random, so that a failure comes again. */
let seed = 11;
function random(below: number): number {
  seed = (seed * 48271) % 2147483647;
  return seed % below;
}

/** Runs one life: checks what it finds, and kills it some milliseconds later. */
async function live(life: number): Promise<void> {
  const args = [program, directory, bed.socket, String(life), tenant];
  const child: ChildProcess = spawn(process.execPath, args, {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  let isBegun = false;
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    const { kind, what } = JSON.parse(line);
    if (kind === "found") {
      isBegun = true;
      check(what);
      setTimeout(() => child.kill("SIGKILL"), random(1500));
      continue;
    }
    told.set(what, (told.get(what) ?? new Set()).add(kind));
  }
  await ended;
  if (!isBegun) throw new Error(`life ${life} did not begin`);
}

function check({ alarms, keys, labels, objects }: Found): void {
  expect(alarms).toEqual([]);
  const named = new Set<string>();
  const expectedLabels = new Set(["seal"]);
  for (const { name, state, frozen, versions } of keys) {
    expect(frozen, name).toBe("");
    expectedLabels.add(`key/${name}`);
    for (const { version, id, under, destroyed } of versions) {
      expectedLabels.add(`key/${name}/${version}`);
      expect(destroyed, `${name} ${version}`).toBe(state === "destroyed");
      if (under !== undefined) named.add(under);
      if (id !== undefined && !destroyed) named.add(id);
    }
  }
  // All that the token has is named, and nothing else has a record.
  const left = objects.filter(({ id, algorithm }) => !named.has(id) && algorithm !== "AES-256");
  expect(left).toEqual([]);
  expect(labels.filter((label) => !expectedLabels.has(label))).toEqual([]);
  const byName = new Map(keys.map((key) => [key.name, key]));
  for (const [name, acts] of told) {
    const key = byName.get(name);
    expect(key, name).toBeDefined();
    if (acts.has("rotated")) expect(key?.versions, name).toHaveLength(2);
    if (acts.has("destroyed")) expect(key?.state, name).toBe("destroyed");
  }
}

test(
  "what was told to be done is there after a kill, and what was not leaves nothing",
  async () => {
    for (let life = 0; life <= kills; life += 1) await live(life);
    expect(told.size).toBeGreaterThan(0);
  },
  kills * 30_000,
);
