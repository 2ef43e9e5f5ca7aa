/**
 * Whether SELinux holds anything back: now, at the next start, and with what exceptions. What cannot
 * be read is unknown, with the reason, and never good.
 */
import type { System } from "../node/system.ts";
import { type KernelLine, parseKernelLine } from "./kernel-line.ts";

/** A value, or why there is none. */
export type Reading<T> = { readonly value: T } | { readonly unknown: string };

const modes = ["enforcing", "permissive", "disabled"] as const;
export type Mode = (typeof modes)[number];

export interface ModeReadings {
  readonly now: Reading<Mode>;
  /** `SELINUX=` of the configuration. */
  readonly configured: Reading<Mode>;
  /** `SELINUXTYPE=`: name of the policy that is loaded at boot. */
  readonly policyName: Reading<string>;
  /** What this start was asked for. */
  readonly kernelLine: Reading<KernelLine>;
  /** What the next start makes of both, when it has the same kernel line. */
  readonly atBoot: Reading<Mode>;
  /** Security modules that the kernel runs, in its order. */
  readonly modules: Reading<readonly string[]>;
  /** What the kernel does with permissions that the loaded policy does not know. */
  readonly unknownPermissions: Reading<"allow" | "deny" | "reject">;
  /** Whether memory is checked as asked for instead of as it becomes. */
  readonly checksRequested: Reading<boolean>;
  /** The newest format of a policy that the kernel reads. */
  readonly newestVersion: Reading<number>;
  /** Domains of the loaded policy that nothing is refused to. */
  readonly permissiveDomains: Reading<readonly string[]>;
  readonly kernel: Reading<string>;
}

/**
 * @param permissive names from the loaded policy, which the caller has read already; it may throw
 */
export async function readMode(
  system: System,
  permissive: () => Promise<readonly string[]> | readonly string[],
): Promise<ModeReadings> {
  const read = (path: string) => reading(async () => required(path, await system.read(path)));
  const flag = async (name: string) => map(await read(`/sys/fs/selinux/${name}`), asFlag);
  const [modules, enforce, filesystems, config, line, kernel] = await Promise.all([
    read("/sys/kernel/security/lsm").then((found) => map(found, listOf)),
    read("/sys/fs/selinux/enforce"),
    read("/proc/filesystems"),
    read("/etc/selinux/config"),
    read("/proc/cmdline").then((found) => map(found, parseKernelLine)),
    read("/proc/sys/kernel/osrelease").then((found) => map(found, (text) => text.trim())),
  ]);
  const [denies, rejects, checksRequested, version] = await Promise.all([
    flag("deny_unknown"),
    flag("reject_unknown"),
    flag("checkreqprot"),
    read("/sys/fs/selinux/policyvers"),
  ]);
  const configured = map(config, modeOfConfig);
  return {
    now: nowOf(enforce, modules, filesystems),
    configured,
    policyName: map(config, nameOfConfig),
    kernelLine: line,
    atBoot: both(configured, line, atBoot),
    modules,
    unknownPermissions: both(rejects, denies, (reject, deny) =>
      reject ? "reject" : deny ? "deny" : "allow",
    ),
    checksRequested,
    newestVersion: map(version, numberOf),
    permissiveDomains: await reading(async () => [...(await permissive())].sort()),
    kernel,
  };
}

async function reading<T>(read: () => Promise<T>): Promise<Reading<T>> {
  try {
    return { value: await read() };
  } catch (error) {
    return { unknown: whyOf(error) };
  }
}

/** For people: without the error's name. */
function whyOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function required(path: string, text: string | undefined): string {
  if (text === undefined) throw new Error(`${path} is not there`);
  return text;
}

/** @param change may throw for a text that says something else than it should */
function map<A, B>(from: Reading<A>, change: (value: A) => B): Reading<B> {
  if ("unknown" in from) return from;
  try {
    return { value: change(from.value) };
  } catch (error) {
    return { unknown: whyOf(error) };
  }
}

function both<A, B, C>(a: Reading<A>, b: Reading<B>, join: (a: A, b: B) => C): Reading<C> {
  if ("unknown" in a) return a;
  return map(b, (value) => join(a.value, value));
}

/**
 * Without its file system SELinux is off only where the kernel says so: by its list of modules, or
 * because it knows no such file system, which it registers only where SELinux runs.
 */
function nowOf(
  enforce: Reading<string>,
  modules: Reading<readonly string[]>,
  filesystems: Reading<string>,
): Reading<Mode> {
  if ("value" in enforce)
    return map(enforce, (text) => (asFlag(text) ? "enforcing" : "permissive"));
  if ("value" in modules && !modules.value.includes("selinux")) return { value: "disabled" };
  if ("value" in filesystems && !/^nodev\tselinuxfs$/m.test(filesystems.value))
    return { value: "disabled" };
  return enforce;
}

function asFlag(text: string): boolean {
  const value = text.trim();
  if (value === "0" || value === "1") return value === "1";
  throw new Error(`${JSON.stringify(value.slice(0, 20))} is neither 0 nor 1`);
}

function numberOf(text: string): number {
  const value = text.trim();
  if (!/^\d{1,4}$/.test(value))
    throw new Error(`${JSON.stringify(value.slice(0, 20))} is no number`);
  return Number(value);
}

function listOf(text: string): string[] {
  const names = text.trim().split(",");
  if (!names.every((name) => /^[a-z0-9_]+$/.test(name)))
    throw new Error("the kernel's list of security modules cannot be read");
  return names;
}

/** As libselinux reads it: the first line that names a mode, which may be cut or go on. */
function modeOfConfig(text: string): Mode {
  for (const [, value = ""] of text.matchAll(/^SELINUX=\s*(\S*)/gm)) {
    const mode = modes.find((name) => value.toLowerCase().startsWith(name));
    if (mode !== undefined) return mode;
  }
  return "permissive";
}

/** Of several lines libselinux takes the last. */
function nameOfConfig(text: string): string {
  const name = [...text.matchAll(/^\s*SELINUXTYPE=[^\S\n]*(\S+)/gim)].at(-1)?.[1];
  if (name === undefined) throw new Error("/etc/selinux/config does not set SELINUXTYPE");
  return name;
}

/** Whoever loads the policy at boot reads both; what stands on the kernel line wins. */
function atBoot(configured: Mode, line: KernelLine): Mode {
  if (line.chosen !== "selinux" || configured === "disabled") return "disabled";
  if (line.enforcing === undefined) return configured;
  return line.enforcing ? "enforcing" : "permissive";
}
