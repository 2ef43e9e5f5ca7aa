/** A software TPM of a test's own, with certificates as manufacturers make them. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface SoftTpm {
  directory: string;
  /** For the agent's key `tpm`. */
  socket: string;
  /** Certificate of the authority that signed the endorsement key's certificates, PEM. */
  issuer: string;
  /** For tpm2-tools. */
  environment: NodeJS.ProcessEnv;
  /** Runs a program of tpm2-tools. @returns standard output */
  tool(command: string, ...args: string[]): Promise<string>;
  /** Stops it, as a power failure does when killed. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  start(): Promise<void>;
  /** Copies the TPM's state, or puts a copy back; only while it is stopped. */
  save(name: string): void;
  restore(name: string): void;
  remove(): Promise<void>;
}

export async function createSwtpm(options: { certificates?: boolean } = {}): Promise<SoftTpm> {
  const directory = mkdtempSync(join(tmpdir(), "dsecos-swtpm-"));
  const [state, ca] = [join(directory, "state"), join(directory, "ca")];
  for (const path of [state, ca]) mkdirSync(path, { mode: 0o700 });
  const configs = writeConfigs(directory, ca);
  await run(
    "swtpm_setup",
    [
      ...["--tpm2", "--tpmstate", state, "--config", configs, "--pcr-banks", "sha256"],
      ...(options.certificates === false ? [] : ["--create-ek-cert", "--lock-nvram"]),
    ],
    { timeout: 60_000 },
  );
  const socket = join(directory, "sock");
  const environment = { ...process.env, TPM2TOOLS_TCTI: `swtpm:path=${socket}` };
  let child: ReturnType<typeof spawn> | undefined;
  const stop = async (signal: NodeJS.Signals = "SIGTERM") => {
    if (child === undefined) return;
    const gone = once(child, "exit");
    child.kill(signal);
    child = undefined;
    await gone;
    for (const path of [socket, `${socket}.ctrl`]) rmSync(path, { force: true });
  };
  const start = async () => {
    child = spawn(
      "swtpm",
      [
        ...["socket", "--tpm2", "--tpmstate", `dir=${state}`],
        ...["--server", `type=unixio,path=${socket}`, "--ctrl", `type=unixio,path=${socket}.ctrl`],
        ...["--flags", "not-need-init,startup-clear"],
      ],
      { stdio: "ignore" },
    );
    for (;;) {
      const ready = await run("swtpm_ioctl", ["--unix", `${socket}.ctrl`, "-c"]).then(
        () => true,
        () => false,
      );
      if (ready) return;
      if (child.exitCode !== null) throw new Error("swtpm did not start");
      await delay(20);
    }
  };
  await start();
  return {
    directory,
    socket,
    issuer: options.certificates === false ? "" : readFileSync(join(ca, "issuer.pem"), "utf8"),
    environment,
    async tool(command, ...args) {
      const { stdout } = await run(command, args, {
        env: environment,
        cwd: directory,
        timeout: 30_000,
      });
      return stdout;
    },
    stop,
    start,
    save: (name) => cpSync(state, join(directory, name), { recursive: true }),
    restore(name) {
      rmSync(state, { recursive: true });
      cpSync(join(directory, name), state, { recursive: true });
    },
    async remove() {
      await stop("SIGKILL");
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** @returns the file for swtpm_setup: an authority in a directory of its own. */
function writeConfigs(directory: string, ca: string): string {
  const file = (name: string, lines: string[]) => {
    const path = join(directory, name);
    writeFileSync(path, `${lines.join("\n")}\n`);
    return path;
  };
  const authority = file("localca.conf", [
    `statedir = ${ca}`,
    `signingkey = ${join(ca, "key.pem")}`,
    `issuercert = ${join(ca, "issuer.pem")}`,
    `certserial = ${join(ca, "serial")}`,
  ]);
  const make = file("localca.options", [
    "--tpm-manufacturer IBM",
    "--tpm-model swtpm-libtpms",
    "--tpm-version 2",
  ]);
  return file("setup.conf", [
    "create_certs_tool = /usr/bin/swtpm_localca",
    `create_certs_tool_config = ${authority}`,
    `create_certs_tool_options = ${make}`,
  ]);
}
