/** The policy's settings: shown from what is loaded and what is on disk, changed between two proofs. */
import type { Call } from "../../bus/call.ts";
import { DsecosError } from "../../bus/errors.ts";
import type { Jobs } from "../../jobs/types.ts";
import { Cache } from "../../node/cache.ts";
import type { System } from "../../node/system.ts";
import type { Proof } from "../answers.ts";
import type { SlotHolders } from "../holders.ts";
import { countDomains } from "../labels/domains.ts";
import { readProcesses } from "../labels/processes.ts";
import { askPolicy } from "../thread.ts";
import type { BooleanEffect, Settings, SlotFilter, SlotPage } from "./answers.ts";
import { setBoolean, stateOf } from "./boolean.ts";
import type { KernelBooleans } from "./kernel.ts";
import type { PolicySettings } from "./policy.ts";
import { readSettings } from "./screen.ts";
import { slotPage } from "./slots.ts";

/** Processes are looked through once for all pages that ask within this time, in milliseconds. */
const lifetimeMs = 5_000;

export interface SettingParts {
  readonly jobs: Jobs;
  readonly system: System;
  readonly kernel: KernelBooleans;
  readonly program: URL;
  /** File with the loaded policy. */
  readonly policy: string;
  /** Hash of it, in hexadecimal; undefined where none is loaded. */
  readonly loaded: () => Promise<string | undefined>;
  readonly lastProof: () => Proof;
  readonly prove: (asker: { actor: string; uid: number; call: string }) => Promise<Proof>;
  readonly slotHolders: SlotHolders;
  /** Why it is not known who has which slot; empty where it is. */
  readonly holdersUnknown: () => string;
  /** By slot. */
  readonly mislabelled: () => ReadonlyMap<number, number>;
}

export function createSettings(parts: SettingParts) {
  const { jobs, system, kernel, program, policy, loaded } = parts;
  const processes = new Cache(lifetimeMs, async () => {
    const found = await readProcesses(system);
    return found && countDomains(found.list);
  });
  let known: { sha256: string; settings: PolicySettings } | undefined;
  let onDisk: { key: string; settings: PolicySettings } | undefined;
  const read = (file: string) => askPolicy({ kind: "settings", policy: file, ask: {} }, program);
  const effect = (name: string, value: boolean) =>
    askPolicy({ kind: "effect", policy, ask: { name, value } }, program);

  /** Of the loaded policy, read once for as long as it stays. */
  const ofLoaded = async (): Promise<PolicySettings | undefined> => {
    const sha256 = await loaded();
    if (sha256 === undefined) return undefined;
    if (known?.sha256 !== sha256) known = { sha256, settings: await read(policy) };
    return known.settings;
  };

  const ofFile = async (file: string): Promise<PolicySettings> => {
    const key = `${file} ${await system.changedAt(file)}`;
    if (onDisk?.key !== key) onDisk = { key, settings: await read(`${system.root}${file}`) };
    return onDisk.settings;
  };

  const tenants = async (filter: SlotFilter): Promise<SlotPage> => {
    const settings = await ofLoaded();
    if (settings === undefined) {
      const message = "SELinux is not active on this machine, so that no policy has slots.";
      throw new DsecosError("Unavailable", message);
    }
    const facts = {
      ...{ slots: settings.slots, typeIds: settings.counts.typeIds },
      ...{ holders: parts.slotHolders(), holdersUnknown: parts.holdersUnknown() },
      ...{ processes: await processes.get(), mislabelled: parts.mislabelled() },
    };
    return slotPage(facts, filter);
  };

  const show = (): Promise<Settings> =>
    readSettings({ system, kernel, policy, loaded: ofLoaded, read: ofFile });

  return {
    handlers: {
      Settings: show,
      async BooleanEffect(_call: Call, name: string, value: boolean): Promise<BooleanEffect> {
        return { ...(await effect(name, value)), proof: aboutProof(parts.lastProof()) };
      },
      async SetBoolean({ caller, member }: Call, name: string, value: boolean): Promise<string> {
        const { user: actor, uid } = caller;
        const title = `Turn the boolean ${name} ${value ? "on" : "off"}`;
        const request = { kind: member, title, actor, uid, cancellable: false };
        return jobs.start(request, async (progress) => {
          const prove = () => parts.prove({ actor, uid, call: progress.id });
          await setBoolean({ kernel, effect, prove }, name, value, progress);
        });
      },
      Tenants: (_call: Call, filter: SlotFilter) => tenants(filter),
    },
    fingerprints: {
      /** An approval is of what the person saw: this policy, and this state of the boolean. */
      async SetBoolean(_call: Call, name: string): Promise<string> {
        return `${await loaded()} ${await stateOf(kernel, name)}`;
      },
    },
  };
}

/**
 * The proof counts rules under booleans whatever these are (see `prove`), so that one proof is of
 * both values.
 */
function aboutProof({ state, at }: Proof): string {
  if (state === "proved")
    return `The proof of ${at} counts every rule under a boolean as one that holds, so that it is of both values; the policy is proved again before and after all the same.`;
  return "The loaded policy is not proved now, so that a boolean that opens something is not set.";
}
