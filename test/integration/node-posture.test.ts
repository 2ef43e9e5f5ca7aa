/** The checks on this machine as it is, and the start that two officers accept, with a software TPM. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ApprovalRecord, approvals } from "../../agent/approvals/contract.ts";
import type { BootReport } from "../../agent/node/boot/answers.ts";
import { extendsRegister, parseBootLog } from "../../agent/node/boot/log.ts";
import { Boot } from "../../agent/node/boot/service.ts";
import { type Check, node } from "../../agent/node/contract.ts";
import type { Expiring } from "../../agent/node/expiring/answers.ts";
import { System } from "../../agent/node/system.ts";
import { TpmPort } from "../../agent/tpm/port.ts";
import { extend, realLog, realRegisters } from "../lib/boot-log.ts";
import { Person } from "../lib/caller.ts";
import { createSwtpm, type SoftTpm } from "../lib/swtpm.ts";
import { people } from "../lib/test-stack.js";

describe("the agent of this machine", () => {
  let officer: Person;
  let second: Person;
  let viewer: Person;
  let stranger: Person;

  beforeAll(async () => {
    [officer, second, viewer, stranger] = (await Promise.all(
      [people.officer, people.officer2, people.viewer, people.nobody].map((who) => Person.as(who)),
    )) as [Person, Person, Person, Person];
  });
  afterAll(() => {
    for (const person of [officer, second, viewer, stranger]) person?.end();
  });

  it("tells of each check what it read, and of what is not good what to do", async () => {
    const checks = (await viewer.call(node, "Check")) as Check[];
    expect(checks.length).toBeGreaterThan(18);
    for (const { id, verdict, why, remedy, command, how } of checks) {
      expect([why, command], id).not.toContain("");
      expect(remedy === "", id).toBe(verdict === "good");
      expect(how.length, id).toBeGreaterThan(id === "hsm" ? -1 : 0);
    }
    const of = (id: string) => checks.find((one) => one.id === id);
    const line = readFileSync("/proc/cmdline", "utf8").trim();
    expect(of("command-line")?.how).toEqual([
      { from: "/proc/cmdline", read: expect.stringContaining(line.slice(0, 50)) },
    ]);
    const kptr = readFileSync("/proc/sys/kernel/kptr_restrict", "utf8").trim();
    expect(of("sysctls")?.how).toContainEqual({
      from: "/proc/sys/kernel/kptr_restrict",
      read: kptr,
    });
  });

  it("lets an officer accept a start only with another, and nobody else", async () => {
    const hash = "0".repeat(64);
    expect((await stranger.try(node, "Expiring")).error?.name).toMatch(/Denied$/);
    for (const person of [viewer, stranger]) {
      const answer = await person.try(node, "AcceptBoot", hash, "why not");
      expect(answer.error?.name).toMatch(/(Denied|AccessDenied)$/);
    }
    const asked = await officer.try(node, "AcceptBoot", hash, "a new firmware");
    expect(asked.error?.name).toBe("org.dsecos.Error.NeedsApproval");
    const requests = (await second.call(approvals, "List")) as ApprovalRecord[];
    const request = requests.find(({ state, arguments: args }) => {
      return state === "pending" && args.includes("a new firmware");
    });
    const soon = (await viewer.call(node, "Expiring")) as Expiring;
    expect(soon.rows).toContainEqual(
      expect.objectContaining({
        ...{ kind: "request", subsystem: "node", endsAt: request?.expiresAt },
        name: expect.stringMatching(/^node\.AcceptBoot/),
      }),
    );
    const missing = soon.missing.map(({ source }) => source);
    for (const source of ["requests", "firewall", "policy", "invitations", "flags"]) {
      expect(missing).not.toContain(source);
    }
    const own = await officer.try(approvals, "Approve", request?.id, request?.hash);
    expect(own.error).toBeDefined();
    await second.call(approvals, "Approve", request?.id, request?.hash);
    // This machine measured nothing, or something else: either way it says so and takes nothing.
    const done = await officer.try(node, "AcceptBoot", hash, "a new firmware");
    expect(done.error?.name).toMatch(/\.(Unavailable|Conflict)$/);
    expect(done.error?.message).toMatch(/^[A-Z].*[.]$|dsecos node boot$/);
    expect(((await viewer.call(node, "Boot")) as BootReport).accepted).toBeNull();
  });

  it("shows who changed /etc, or says that nobody knows", async () => {
    const answer = await viewer.try(node, "EtcHistory");
    const refused = await stranger.try(node, "EtcHistory");
    expect(refused.error?.name).toMatch(/Denied$/);
    const { tracked, commits } = JSON.parse(String(answer.body?.[0]));
    expect(commits.length > 0).toBe(tracked);
  });
});

describe("a measured start", () => {
  let tpm: SoftTpm;
  let directory: string;

  beforeAll(async () => {
    tpm = await createSwtpm({ certificates: false });
    directory = mkdtempSync(join(tmpdir(), "dsecos-boot-"));
    writeFileSync(join(directory, "log"), realLog);
    await new TpmPort(tpm.socket).use(async (transport) => {
      for (const event of parseBootLog(realLog)) {
        if (extendsRegister(event)) await extend(transport, event.pcr, event.digest);
      }
    });
  }, 60_000);
  afterAll(async () => {
    await tpm?.remove();
    rmSync(directory, { recursive: true, force: true });
  });

  const boot = (log = "log", accepted = "node/boot.json") =>
    new Boot({
      system: new System(),
      port: new TpmPort(tpm.socket),
      log: join(directory, log),
      accepted: join(directory, accepted),
      changed: () => undefined,
    });
  const noted: Record<string, unknown>[] = [];
  const call = {
    caller: { user: "ann" },
    approvers: ["bob"],
    note: (facts: Record<string, unknown>) => noted.push(facts),
  } as never;

  it("is in a TPM as it was in the one that measured it", async () => {
    const { state, registers, hash, accepted } = await boot().report();
    expect([state, accepted]).toEqual(["measured", null]);
    expect(registers.every(({ explained }) => explained)).toBe(true);
    expect(registers.map(({ pcr, value }) => [pcr, value])).toEqual(
      registers.map(({ pcr }) => [pcr, realRegisters.get(pcr)]),
    );
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it("is accepted as it is and in no other form, and kept over a restart", async () => {
    const one = boot();
    await expect(one.accept(call, "1".repeat(64), "guessed")).rejects.toMatchObject({
      code: "Conflict",
    });
    const { hash } = await one.report();
    const after = await one.accept(call, hash, "first start");
    expect(after.registers.every(({ value, expected }) => value === expected)).toBe(true);
    expect(noted.at(-1)).toMatchObject({ registers: { 7: realRegisters.get(7) } });
    const { accepted } = await boot().report();
    expect(accepted).toMatchObject({ hash, by: "ann", approvers: ["bob"], reason: "first start" });
  });

  it("cannot be read where the log, or what was accepted, is broken", async () => {
    writeFileSync(join(directory, "short"), realLog.subarray(0, -1));
    const short = await boot("short").report();
    expect(short).toMatchObject({
      state: "unknown",
      problem: expect.stringMatching(/ends 1 bytes too early/),
    });
    expect(short.accepted?.by).toBe("ann");
    expect(await boot("none").report()).toMatchObject({ state: "no-log" });
    writeFileSync(join(directory, "node", "boot.json"), "{");
    const broken = boot();
    expect(await broken.report()).toMatchObject({
      state: "unknown",
      problem: expect.stringContaining("accept a start again"),
    });
    // Which is what then can be done.
    const { hash } = await boot("log", "none.json").report();
    expect((await broken.accept(call, hash, "first start")).accepted?.hash).toBe(hash);
  });

  it("is refused, and nothing lost, when the disk is full", async () => {
    const full = join(directory, "node");
    const kept = readFileSync(join(full, "boot.json"));
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4k", "tmpfs", full]);
    try {
      writeFileSync(join(full, "x"), Buffer.alloc(4096));
      const one = boot();
      const { hash } = await one.report();
      await expect(one.accept(call, hash, "again")).rejects.toMatchObject({
        code: "Unavailable",
        message: expect.stringContaining("(ENOSPC), and what was accepted before still holds"),
      });
    } finally {
      execFileSync("umount", [full]);
    }
    expect(readFileSync(join(full, "boot.json"))).toEqual(kept);
    expect((await boot().report()).accepted?.reason).toBe("first start");
  });

  it("is no longer explained once something is measured that the log does not tell", async () => {
    await new TpmPort(tpm.socket).use((transport) => extend(transport, 4, Buffer.alloc(32, 1)));
    const one = boot();
    const { registers, hash } = await one.report();
    expect(registers.filter(({ explained }) => !explained).map(({ pcr }) => pcr)).toEqual([4]);
    expect(hash).toBe("");
    await expect(one.accept(call, "0".repeat(64), "x")).rejects.toThrow(
      /does not explain register 4/,
    );
  });

  it("is unknown while the TPM does not answer", async () => {
    const one = boot();
    await tpm.stop();
    writeFileSync(tpm.socket, "");
    expect(await one.report()).toMatchObject({ state: "unknown" });
    rmSync(tpm.socket);
    expect(await one.report()).toMatchObject({ state: "no-tpm" });
  });
});
