/** Freezing and thawing all instances of a tenant. */
import { setTimeout as delay } from "node:timers/promises";
import { DsecosError } from "../bus/errors.ts";
import { apiPath, type IncusClient } from "../incus/client.ts";
import { run } from "../incus/operations.ts";
import { forEachBounded } from "./locks.ts";

export interface InstanceState {
  name: string;
  /** For example `Running`, `Stopped`, `Frozen`. */
  status: string;
}

const width = 4;
const rounds = 5;

/** @returns the tenant's instances with what they do right now. */
export async function instanceStates(
  client: IncusClient,
  project: string,
): Promise<InstanceState[]> {
  try {
    return await client.get<InstanceState[]>("/1.0/instances", {
      project,
      query: { recursion: "1" },
      timeoutMs: 20_000,
    });
  } catch (error) {
    // The tenant was removed meanwhile, and its instances with it.
    if (error instanceof DsecosError && error.code === "NotFound") return [];
    throw error;
  }
}

export const isRunning = (instance: InstanceState) => instance.status === "Running";
export const isFrozen = (instance: InstanceState) => instance.status === "Frozen";

/** Tells per instance what came of it. */
export type Told = (name: string, error?: string) => void;

/**
 * Freezes whatever runs, and looks again until nothing does: something may have been started in
 * between, and what is just starting or stopping cannot be frozen at that moment.
 * @returns names of the instances that it froze.
 */
export async function freezeAll(
  client: IncusClient,
  project: string,
  told: Told = () => undefined,
): Promise<string[]> {
  const frozen = new Set<string>();
  let failed = new Map<string, string>();
  for (let round = 1; round <= rounds; round += 1) {
    const running = (await instanceStates(client, project)).filter(isRunning);
    if (running.length === 0) return [...frozen];
    // On a busy machine it takes a container long to stand still.
    if (failed.size > 0) await delay(250 * 2 ** (round - 1));
    const errors = new Map<string, string>();
    await forEachBounded(running, width, async ({ name }) => {
      const error = await changeState(client, project, name, "freeze");
      if (error !== undefined) errors.set(name, error);
      else if (!frozen.has(name)) {
        frozen.add(name);
        told(name);
      }
    });
    failed = errors;
  }
  for (const [name, error] of failed) told(name, error);
  return [...frozen];
}

/** Thaws whatever is frozen, except what was frozen by hand before. */
export async function thawAll(
  client: IncusClient,
  project: string,
  keepFrozen: readonly string[],
  told: Told = () => undefined,
): Promise<void> {
  const keep = new Set(keepFrozen);
  const frozen = (await instanceStates(client, project))
    .filter(isFrozen)
    .filter(({ name }) => !keep.has(name));
  await forEachBounded(frozen, width, async ({ name }) => {
    told(name, await changeState(client, project, name, "unfreeze"));
  });
}

/** @returns the reason when it failed; what is gone or already so is no failure. */
async function changeState(
  client: IncusClient,
  project: string,
  name: string,
  action: "freeze" | "unfreeze",
): Promise<string | undefined> {
  try {
    const body = { action, timeout: 30 };
    await run(client, "PUT", apiPath("instances", name, "state"), body, {
      project,
      wait: { timeoutMs: 60_000 },
    });
    return undefined;
  } catch (error) {
    if (!(error instanceof DsecosError)) throw error;
    if (error.code === "NotFound" || error.code === "Conflict") return undefined;
    if (/not running|is stopped/i.test(error.message)) return undefined;
    return error.message;
  }
}
