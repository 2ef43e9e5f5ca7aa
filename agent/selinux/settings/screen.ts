/** All settings for one screen: from the loaded policy, the kernel and the policy on disk. */
import { DsecosError } from "../../bus/errors.ts";
import type { System } from "../../node/system.ts";
import { readMode } from "../mode.ts";
import { MOST_TYPE_IDS } from "../policy/names.ts";
import type { Settings } from "./answers.ts";
import { descriptionFile, parseDescriptions } from "./descriptions.ts";
import type { BooleanState, KernelBooleans } from "./kernel.ts";
import type { PolicySettings } from "./policy.ts";
import { readLogins, readModules, readStore, type Store } from "./store.ts";

export interface ScreenParts {
  readonly system: System;
  readonly kernel: KernelBooleans;
  /** File with the loaded policy. */
  readonly policy: string;
  /** Of the loaded policy; undefined where none is loaded. */
  readonly loaded: () => Promise<PolicySettings | undefined>;
  /** Of the policy in a file. */
  readonly read: (file: string) => Promise<PolicySettings>;
}

type Modules = NonNullable<Settings["store"]>["modules"];
type Unknown = Settings["unknown"];

export async function readSettings(parts: ScreenParts): Promise<Settings> {
  const { system, kernel } = parts;
  const unknown: Unknown = [];
  const tried = async <T>(what: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      unknown.push({ what, reason: reasonOf(error) });
      return undefined;
    }
  };
  const { now, policyName } = await readMode(system, () => []);
  if ("unknown" in now) unknown.push({ what: "the mode", reason: now.unknown });
  const store = await tried("the policy on disk", async () => {
    if ("value" in policyName) return await readStore(system, policyName.value);
    throw new DsecosError("Unavailable", policyName.unknown);
  });
  const [loaded, states, disk, logins, modules, texts] = await Promise.all([
    tried("the loaded policy", parts.loaded),
    tried("the booleans", () => kernel.all()),
    tried("what the next start loads", () => onDisk(parts, store)),
    tried("the logins", async () =>
      store === undefined ? [] : await readLogins(system, store.directory),
    ),
    tried("the modules", async () => (store === undefined ? [] : await readModules(system, store))),
    tried("what booleans are for", async () =>
      parseDescriptions((await system.read(descriptionFile)) ?? ""),
    ),
  ]);
  const shown = loaded ?? disk;
  return {
    at: new Date().toISOString(),
    state: "unknown" in now ? "unknown" : now.value,
    policy: sourceOf(parts, loaded, disk, store),
    counts: shown?.counts ?? null,
    mostTypeIds: MOST_TYPE_IDS,
    booleans: booleansOf({ loaded, disk, states, texts: texts ?? new Map() }),
    permissive: shown?.permissive ?? [],
    users: shown?.users ?? [],
    logins: logins ?? [],
    ports: shown?.ports ?? [],
    capabilities: shown?.capabilities ?? [],
    fileSystems: shown?.fileSystems ?? [],
    store: store === undefined ? null : storeOf(store, modules ?? []),
    unknown,
  };
}

function storeOf({ name, directory, ours }: Store, modules: Modules): Settings["store"] {
  return { name, directory, ours, modules };
}

async function onDisk(
  { read }: ScreenParts,
  store: Store | undefined,
): Promise<PolicySettings | undefined> {
  return store?.policyFile === undefined ? undefined : await read(store.policyFile);
}

function sourceOf(
  { policy }: ScreenParts,
  loaded: PolicySettings | undefined,
  disk: PolicySettings | undefined,
  store: Store | undefined,
): Settings["policy"] {
  if (loaded !== undefined) return { from: "kernel", path: policy, ...loaded.policy };
  if (disk === undefined) return null;
  return { from: "store", path: store?.policyFile ?? "", ...disk.policy };
}

interface BooleanSources {
  loaded: PolicySettings | undefined;
  disk: PolicySettings | undefined;
  states: ReadonlyMap<string, BooleanState> | undefined;
  texts: ReadonlyMap<string, string>;
}

/** The kernel's word counts, and where it says nothing, that of the policy as it was loaded. */
function booleansOf({ loaded, disk, states, texts }: BooleanSources): Settings["booleans"] {
  const defaults = new Map(disk?.booleans.map(({ name, state }) => [name, state]));
  return (
    (loaded ?? disk)?.booleans.map(({ name, state, rules }) => {
      const current = states?.get(name)?.current ?? (loaded === undefined ? null : state);
      return {
        ...{ name, description: texts.get(name) ?? "", current, rules },
        pending: states?.get(name)?.pending ?? current,
        default: defaults.get(name) ?? null,
      };
    }) ?? []
  );
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return error instanceof DsecosError || code === undefined
    ? error.message
    : `it cannot be read: ${code}`;
}
