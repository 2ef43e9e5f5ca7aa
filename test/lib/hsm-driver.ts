/**
 * A driver of a test's own: the real program with its keeper and host, SoftHSM in a directory of its
 * own, and the agent's side of it. No systemd.
 */
import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { build } from "esbuild";
import * as v from "valibot";
import { type DriverConfig, driverConfigSchema } from "../../agent/hsm/config.ts";
import type { Driver } from "../../agent/hsm/driver/types.ts";
import { openDriver } from "../../agent/hsm/link/link.ts";
import type { Log } from "../../agent/log.ts";
import { removeTree } from "./remove-tree.js";

const root = resolve(import.meta.dirname, "../..");
const softhsm = "/usr/lib/softhsm/libsofthsm2.so";
const run = promisify(execFile);

export interface HsmBed {
  readonly directory: string;
  /** Where tokens and state are; the directory itself where the disk is not a small one. */
  readonly disk: string;
  /** Tokens of SoftHSM. */
  readonly tokens: string;
  readonly socket: string;
  readonly config: DriverConfig;
  readonly configFile: string;
  /** The driver's program; its addon lies beside it. */
  readonly program: string;
  /** What the driver's processes said on standard error. */
  said(): string;
  readonly driver: Driver;
  readonly keeper: ChildProcess;
  /** Another agent's side of the same driver. */
  open(): Driver;
  /** Ends the keeper as a crash of the machine would, and starts it again. */
  restart(): Promise<void>;
  remove(): Promise<void>;
}

export interface HsmBedOptions {
  /** Keys of the driver file that differ. */
  config?: Partial<v.InferInput<typeof driverConfigSchema>>;
  /** The credential; 32 random bytes when left out, none when null. */
  credential?: Buffer | null;
  /** More environment of the module. */
  environment?: Record<string, string>;
  /** Of the agent's side. */
  log?: Log;
  /** Keeps tokens and the driver's state on a disk of so much, for example 512k. */
  diskSize?: string;
}

let program: Promise<string> | undefined;

/** The program and its addon, made once in a process and kept until it ends. */
function builtProgram(): Promise<string> {
  program ??= buildProgram();
  return program;
}

async function buildProgram(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "dsecos-hsm-program-"));
  process.once("exit", () => removeTree(directory));
  const outfile = join(directory, "dsecos-hsm.mjs");
  await Promise.all([
    build({
      entryPoints: [join(root, "agent/hsm/driver/main.ts")],
      bundle: true,
      platform: "node",
      format: "esm",
      outfile,
    }),
    compileAddon(join(directory, "pkcs11.node")),
  ]);
  return outfile;
}

/** Takes the one of the build where there is one: it is the same, and compiling takes seconds. */
async function compileAddon(to: string): Promise<void> {
  const built = join(root, "dist/hsm/pkcs11.node");
  if (existsSync(built)) {
    await run("cp", [built, to], { timeout: 10_000 });
    return;
  }
  const source = join(root, "node_modules/pkcs11js");
  const headers = ["/usr/include/node", "/usr/include/nodejs/src"].filter((path) =>
    existsSync(path),
  );
  await run(
    "g++",
    [
      ...["-std=c++17", "-O2", "-fPIC", "-shared"],
      ...["-DNODE_GYP_MODULE_NAME=pkcs11", "-DNAPI_DISABLE_CPP_EXCEPTIONS"],
      ...headers.map((path) => `-I${path}`),
      `-I${join(source, "includes")}`,
      ...["dl.cpp", "common.cpp", "main.cpp"].map((file) => join(source, "src", file)),
      ...["-o", to],
    ],
    { timeout: 300_000 },
  );
}

/** Starts a driver; its tokens are empty. */
export async function createHsmBed(options: HsmBedOptions = {}): Promise<HsmBed> {
  const directory = mkdtempSync(join(tmpdir(), "dsecos-hsm-"));
  const disk = options.diskSize === undefined ? directory : smallDisk(directory, options.diskSize);
  const tokens = join(disk, "tokens");
  const credentials = join(directory, "credentials");
  const state = join(disk, "state");
  for (const path of [tokens, credentials, state]) mkdirSync(path, { mode: 0o700 });
  const conf = join(directory, "softhsm2.conf");
  writeFileSync(
    conf,
    `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`,
  );
  const credential = options.credential === undefined ? randomBytes(32) : options.credential;
  if (credential !== null) writeFileSync(join(credentials, "hsm-pin"), credential, { mode: 0o600 });
  const config = v.parse(driverConfigSchema, {
    module: softhsm,
    region: "UK",
    pin: { credential: "hsm-pin" },
    ...options.config,
    environment: { SOFTHSM2_CONF: conf, ...options.environment },
  });
  const configFile = join(directory, "driver.json");
  writeFileSync(configFile, JSON.stringify(config));
  const socket = join(directory, "driver.sock");
  const log = options.log ?? silent;
  const path = await builtProgram();
  const journalFile = join(directory, "journal");
  const errors = openSync(journalFile, "a");
  const start = () =>
    spawn(
      process.execPath,
      [
        ...packagedFlags(),
        ...[path, "--driver", "test", "--config", configFile, "--socket", socket],
      ],
      {
        stdio: ["ignore", "ignore", errors],
        env: {
          PATH: process.env.PATH,
          CREDENTIALS_DIRECTORY: credentials,
          STATE_DIRECTORY: state,
        },
      },
    );
  let keeper = start();
  const kill = () => keeper.kill("SIGKILL");
  process.once("exit", kill);
  const open = () => openDriver({ name: "test", config, socket, log });
  const drivers: Driver[] = [];
  const opened = () => {
    const driver = open();
    drivers.push(driver);
    return driver;
  };
  const end = async () => {
    process.off("exit", kill);
    if (keeper.exitCode !== null || keeper.signalCode !== null) return;
    const gone = once(keeper, "exit");
    keeper.kill("SIGTERM");
    await gone;
  };
  while (!existsSync(socket)) {
    if (keeper.exitCode !== null) throw new Error(`the driver ended with ${keeper.exitCode}`);
    await delay(10);
  }
  const driver = opened();
  const remove = async () => {
    for (const one of drivers) await one.close();
    await end();
    closeSync(errors);
    if (disk !== directory) await run("umount", [disk], { timeout: 10_000 });
    removeTree(directory);
  };
  try {
    await ready(driver);
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    directory,
    disk,
    tokens,
    socket,
    config,
    configFile,
    program: path,
    said: () => readFileSync(journalFile, "utf8"),
    driver,
    get keeper() {
      return keeper;
    },
    open: opened,
    async restart() {
      const gone = once(keeper, "exit");
      keeper.kill("SIGKILL");
      await gone;
      await until(driver, () => driver.status().state !== "ready");
      keeper = start();
      // The socket of the one that is gone is still there, and refuses.
      await until(driver, () => driver.status().state === "ready");
    },
    remove,
  };
}

const silent: Log = () => {};

function smallDisk(directory: string, size: string): string {
  const disk = join(directory, "disk");
  mkdirSync(disk);
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", disk], { timeout: 10_000 });
  return disk;
}

/** @returns how its unit starts Node. */
function packagedFlags(): string[] {
  const unit = readFileSync(join(root, "packaging/systemd/dsecos-hsm@.service"), "utf8");
  const start = /^ExecStart=\/usr\/bin\/node (.*?) ?\/usr\/lib\/dsecos-hsm\/dsecos-hsm\.js/m;
  const flags = start.exec(unit)?.[1];
  if (flags === undefined) throw new Error("the unit starts the driver in an unknown way");
  return flags.split(" ").filter(Boolean);
}

/** Waits until a driver says of itself that it is ready. @throws Error when it says that it cannot be */
export async function ready(driver: Driver): Promise<void> {
  await until(driver, () => ["ready", "failed"].includes(driver.status().state));
  const { state, reason } = driver.status();
  if (state === "failed") throw new Error(reason);
}

/** Waits for what a driver's status is to be. */
export function until(driver: Driver, wanted: () => boolean, seconds = 60): Promise<void> {
  if (wanted()) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`not in ${seconds} s; the driver says ${JSON.stringify(driver.status())}`));
    }, seconds * 1000);
    driver.onChanged(() => {
      if (!wanted()) return;
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Asks until it is given, for what comes back by itself. */
export async function eventually<T>(ask: () => Promise<T>): Promise<T> {
  const end = performance.now() + 30_000;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (performance.now() > end) throw error;
      await delay(50);
    }
  }
}

/** @returns a new CKA_ID. */
export const newId = () => randomBytes(16).toString("hex");
