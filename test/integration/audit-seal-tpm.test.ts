/** Sealing by a TPM: a real software TPM, a real directory, and what can go wrong with either. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readEnrolments } from "../../agent/audit/seal/enrolments.ts";
import { commands } from "../../agent/tpm/command.ts";
import { sizeOf } from "../lib/sealed-directory.ts";
import { SealingBed, until } from "../lib/sealing-bed.ts";
import { startTpmProxy } from "../lib/tpm-proxy.ts";

const minute = 60_000;

let bed: SealingBed;

beforeEach(async () => {
  bed = await SealingBed.create();
});

afterEach(() => bed.remove());

describe("a new TPM", () => {
  it("is enrolled on record at the first start, and seals at most once a minute", async () => {
    const one = await bed.started();
    expect(one.log.actions()).toEqual(["agent.start", "audit.KeyCreated", "audit.TpmEnrolled"]);
    const [enrolment] = await readEnrolments(bed.directory);
    expect(enrolment).toMatchObject({ from: 2, software: true, manufacturer: "IBM" });
    expect(one.sealer.status().tpm).toMatchObject({
      state: "warning",
      text: expect.stringContaining("It is a program"),
    });
    const increments = () =>
      bed.proxy.commands.filter((code) => code === commands.NV_Increment).length;
    const before = increments();
    const begin = Date.now();
    while (Date.now() < begin + 4 * minute) {
      await one.log.note();
      const size = one.log.size;
      vi.advanceTimersByTime(5_000);
      await until(() => bed.seals().some((seal) => sizeOf(seal) === size));
      // What the TPM was asked for in these five seconds is done before they go on.
      const asked = bed.tpmSeals().length + 1;
      await until(() => increments() - before < asked);
    }
    expect(increments() - before).toBeLessThanOrEqual(4);
    await one.stop();
    expect(bed.counters().length).toBeGreaterThanOrEqual(4);
    expect(await bed.errors()).toEqual([]);
  });

  it("seals the last event when the agent ends, and goes on after a restart", async () => {
    const one = await bed.started();
    await one.log.note("agent.stop");
    await one.stop();
    const last = bed.seals().at(-1);
    expect(last?.tpm).toBeDefined();
    expect(last && sizeOf(last)).toBe(one.log.size);
    const two = await bed.started();
    expect(two.log.actions()).toEqual(["agent.start"]);
    await two.stop();
    expect(bed.counters()).toEqual(
      bed.counters().map((_, i) => (bed.counters()[0] ?? 0n) + BigInt(i)),
    );
    expect(await bed.errors()).toEqual([]);
  });

  it("is enrolled later when that breaks off, and keeps nothing of the attempts", async () => {
    let breaks = 3;
    bed.proxy.after = (code) => {
      const last = [commands.CreatePrimary, commands.ActivateCredential, commands.EvictControl];
      return code === last[breaks - 1] && breaks-- > 0 ? "cut" : "pass";
    };
    const one = await bed.started();
    expect(breaks).toBe(0);
    await one.stop();
    expect(await bed.errors()).toEqual([]);
    // The last attempt broke off behind the key was kept, which nobody could know.
    const handles = await bed.tpm.tool("tpm2_getcap", "handles-persistent");
    expect(handles.match(/0x8100D5E/g)).toHaveLength(2);
    expect((await bed.tpm.tool("tpm2_getcap", "handles-nv-index")).match(/0x180D5E/g)).toHaveLength(
      1,
    );
  });

  it("is what an officer may enrol later", async () => {
    const one = await bed.start(join(bed.tpm.directory, "later"));
    expect(one.sealer.status().tpm.text).toContain("has no TPM");
    const second = await startTpmProxy(bed.tpm.socket, join(bed.tpm.directory, "later"));
    try {
      await one.sealer.enrolTpm();
      await bed.sealedByTpm(one);
      await expect(one.sealer.enrolTpm()).rejects.toMatchObject({ code: "Conflict" });
      expect(await bed.errors()).toEqual([]);
      await one.stop();
    } finally {
      await second.stop();
    }
  });
});

describe("a TPM that fails", () => {
  it("delays no plain checkpoint while it is slow, and seals later", async () => {
    const one = await bed.started();
    bed.proxy.after = () => "hang";
    for (let i = 0; i < 20; i++) {
      await one.log.note();
      const size = one.log.size;
      vi.advanceTimersByTime(5_000);
      await until(() => bed.seals().some((seal) => sizeOf(seal) >= size));
    }
    await until(() => one.log.actions().includes("audit.TpmFailed"));
    expect(one.sealer.status().tpm.text).toContain("did not answer");
    bed.proxy.after = () => "pass";
    await bed.sealedByTpm(one);
    await until(() => one.log.actions().includes("audit.TpmBack"));
    expect(one.log.actions().filter((action) => action === "audit.TpmFailed")).toHaveLength(1);
    await one.stop();
    expect(await bed.errors()).toEqual([]);
  });

  it("is an alarm when it is gone for long, and seals by itself when it is back", async () => {
    const one = await bed.started();
    await bed.tpm.stop();
    await one.log.note();
    vi.advanceTimersByTime(2 * minute);
    await bed.passing(() => one.log.actions().includes("audit.TpmFailed"));
    vi.advanceTimersByTime(11 * minute);
    expect(one.sealer.status().tpm.state).toBe("alarm");
    expect(one.sealer.status().alarms).toMatchObject([{ kind: "tpm" }]);
    await bed.tpm.start();
    await bed.sealedByTpm(one);
    expect(one.sealer.status().alarms).toEqual([]);
    await one.stop();
    expect(await bed.errors()).toEqual([]);
  });

  it("never uses a counter's value twice when it breaks off behind any command", async () => {
    const one = await bed.started();
    const first = bed.counters().at(-1) ?? 0n;
    for (const name of ["NV_Increment", "NV_Certify", "PCR_Read", "Quote"] as const) {
      let broken = false;
      bed.proxy.after = (code) => {
        if (code !== commands[name] || broken) return "pass";
        broken = true;
        return "cut";
      };
      await bed.sealedByTpm(one);
      expect(broken).toBe(true);
    }
    expect(bed.counters().slice(-4)).toEqual([first + 1n, first + 2n, first + 3n, first + 4n]);
    await one.stop();
    expect(await bed.errors()).toEqual([]);
  });
});

describe("an agent that is killed", () => {
  it.each(["NV_Increment", "Quote"] as const)("behind %s goes on", async (name) => {
    const one = await bed.started();
    await one.stop();
    const program = join(bed.tpm.directory, "seal-child.mjs");
    const banner = "import{createRequire}from'node:module';const require=createRequire('/');";
    await build({
      entryPoints: [join(import.meta.dirname, "../lib/seal-child.ts")],
      outfile: program,
      bundle: true,
      platform: "node",
      format: "esm",
      banner: { js: banner },
    });
    const before = bed.counters();
    const child = spawn(process.execPath, [program, bed.directory, bed.proxy.socket], {
      stdio: "ignore",
    });
    const gone = once(child, "exit");
    bed.proxy.after = (code) => {
      if (code !== commands[name]) return "pass";
      child.kill("SIGKILL");
      return "hang";
    };
    expect(await gone).toEqual([null, "SIGKILL"]);
    bed.proxy.after = () => "pass";
    expect(bed.counters()).toEqual(before);
    vi.setSystemTime(vi.getRealSystemTime());
    const two = await bed.started();
    expect(two.sealer.status().alarms).toEqual([]);
    await two.stop();
    expect(bed.counters().length).toBeGreaterThan(before.length);
    expect(new Set(bed.counters()).size).toBe(bed.counters().length);
    expect(await bed.errors()).toEqual([]);
  });
});

it("a full disk loses neither counter nor checkpoints", async () => {
  const folder = join(bed.directory, "seals");
  const ballast = join(folder, "ballast");
  const one = await bed.started();
  await one.stop();
  const saved = readdirSync(folder).map(
    (name) => [name, readFileSync(join(folder, name))] as const,
  );
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]);
  try {
    for (const [name, bytes] of saved) writeFileSync(join(folder, name), bytes);
    const two = await bed.started();
    const first = bed.counters().at(-1) ?? 0n;
    expect(() => writeFileSync(ballast, Buffer.alloc(64 * 1024))).toThrow("ENOSPC");
    // What is left of the last page takes some lines.
    for (let i = 0; i < 40 && two.sealer.status().tree.state === "ok"; i++) {
      await two.log.note();
      const [size, tree] = [two.log.size, () => two.sealer.status().tree];
      vi.advanceTimersByTime(5_000);
      await until(
        () => tree().state === "alarm" || bed.seals().some((seal) => sizeOf(seal) === size),
      );
    }
    expect(two.sealer.status().alarms).toMatchObject([
      { kind: "unsealed", text: expect.stringContaining("ENOSPC") },
    ]);
    unlinkSync(ballast);
    await bed.sealedByTpm(two);
    expect(two.sealer.status().alarms).toEqual([]);
    await two.stop();
    expect(bed.counters().at(-1)).toBeGreaterThan(first);
    expect(await bed.errors()).toEqual([]);
  } finally {
    execFileSync("umount", [folder]);
  }
});
