/** One QEMU with its TPM, as processes of this machine. */
import { existsSync, mkdirSync } from "node:fs";
import { freemem } from "node:os";
import { join } from "node:path";
import { startDaemon, startReady, stopDaemon } from "../../packaging/setup/lib/daemons.js";
import { run } from "../../packaging/setup/lib/run.js";
import { monitor } from "./qmp.ts";

const program = "qemu-system-x86_64";
/**
 * All that can be emulated but `cmpxchg16b`: QEMU 7.2 of Debian 12 loses the flags in it, and a kernel
 * that uses it panics within its first minute.
 */
const cpu = "max,-cx16";

/** What the machine has, and what it needs with QEMU's own share and the tests. */
const memoryMiB = 1536;
const neededMiB = 3 * 1024;

/** @returns why no machine can run here; empty when one can */
export function obstacle(): string {
  if (process.getuid?.() !== 0) return "building its disk needs root";
  if (process.arch !== "x64") return "its disk has Debian for amd64 only";
  if (!existsSync(`/usr/bin/${program}`)) return `${program} is not installed`;
  const free = Math.floor(freemem() / 1024 ** 2);
  if (free < neededMiB) return `it needs ${neededMiB} MiB of free memory, and there are ${free}`;
  return "";
}

export interface QemuOptions {
  /** Holds sockets, logs and the TPM's state, which is made when it is missing. */
  directory: string;
  /** Of the kernel and its initial RAM disk. */
  image: string;
  /** What the kernel is told. */
  kernelLine: string;
  /** A qcow2 file. */
  disk: string;
  /** The machine's ssh on the loopback interface. */
  port: number;
  /** A snapshot of the disk to go on from, instead of a boot. */
  snapshot?: string;
}

/** @returns changes with whatever may make a snapshot useless */
export async function qemuVersion(): Promise<string> {
  return (await run(program, ["--version"])).stdout;
}

/** Makes a TPM as it leaves its factory, with the certificate of its endorsement key. */
async function makeTpm(state: string): Promise<void> {
  mkdirSync(state, { mode: 0o700 });
  const made = ["--tpm2", "--tpmstate", state, "--create-ek-cert", "--lock-nvram"];
  await run("swtpm_setup", [...made, "--pcr-banks", "sha256"], { seconds: 60 });
}

/** Starts the machine; that says nothing of the system in it. */
export async function startQemu(options: QemuOptions): Promise<void> {
  const { directory, image, kernelLine, disk, port, snapshot } = options;
  const state = join(directory, "tpm");
  if (!existsSync(state)) await makeTpm(state);
  const control = join(directory, "tpm.socket");
  const tpm = ["socket", "--tpm2", "--tpmstate", `dir=${state}`, "--terminate"];
  await startReady(
    {
      ...{ stateDirectory: directory, name: "swtpm", command: "swtpm" },
      args: [...tpm, "--ctrl", `type=unixio,path=${control}`],
    },
    10,
    () => existsSync(control),
  );
  const args = [
    ...["-accel", "tcg,thread=multi,tb-size=512", "-cpu", cpu, "-M", "q35"],
    ...["-smp", "2", "-m", String(memoryMiB), "-nodefaults", "-display", "none"],
    ...["-kernel", join(image, "vmlinuz"), "-initrd", join(image, "initrd")],
    ...["-append", kernelLine, "-serial", `file:${join(directory, "console.log")}`],
    ...["-qmp", `unix:${join(directory, "qmp.socket")},server=on,wait=off`],
    ...["-drive", `file=${disk},if=virtio,format=qcow2,cache=writeback,discard=unmap`],
    ...["-netdev", `user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:${port}-:22`],
    ...["-device", "virtio-net-pci,netdev=net", "-device", "virtio-rng-pci"],
    ...["-chardev", `socket,id=tpm,path=${control}`, "-tpmdev", "emulator,id=tpm,chardev=tpm"],
    ...["-device", "tpm-tis,tpmdev=tpm"],
    ...(snapshot === undefined ? [] : ["-loadvm", snapshot]),
  ];
  await startDaemon({ stateDirectory: directory, name: "qemu", command: program, args });
}

/** Writes memory and devices into the disk's file, under a name to go on from. */
export async function takeSnapshot(directory: string, name: string): Promise<void> {
  const said = await monitor(join(directory, "qmp.socket"), `savevm ${name}`, 120);
  if (said.trim() !== "") throw new Error(`QEMU took no snapshot: ${said}`);
}

/** Lets QEMU write out what it holds, and end. */
export async function quitQemu(directory: string): Promise<void> {
  await stopDaemon(directory, "qemu", { seconds: 30 });
  await stopDaemon(directory, "swtpm");
}

/**
 * Cuts the power. Gone are the machine's memory, and what it wrote to blocks of the disk that were
 * new without asking the disk to flush: QEMU notes where a block of a qcow2 file lies in its own
 * memory first, and in the file only when the machine flushes. What it wrote to older blocks is
 * kept even so, since this machine's own power stays on: whoever forgets to flush is found out, but
 * not a disk that breaks its word, and not sectors that were written by half.
 */
export async function killQemu(directory: string): Promise<void> {
  await stopDaemon(directory, "qemu", { signal: "SIGKILL" });
  await stopDaemon(directory, "swtpm");
}
