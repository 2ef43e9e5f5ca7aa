/**
 * The audit log on a machine with a kernel of its own: what auditd tells arrives, the TPM seals it,
 * root cannot rewrite it with the tools at hand, and it outlives a power cut. The tests are steps of
 * one walk and stand in their order.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { LogReader } from "../../agent/audit/segments/reader.ts";
import { recover, type Torn } from "../../agent/audit/segments/recovery.ts";
import { run } from "../../packaging/setup/lib/run.js";
import { until } from "../../packaging/setup/lib/wait.js";
import { asWalk } from "../lib/walk.ts";
import { acts, requestOf } from "./acts.ts";
import { Machine } from "./machine.ts";
import { obstacle } from "./qemu.ts";
import { plain } from "./recipe.js";

const reason = obstacle();
const skipped = reason === "" ? "" : `: skipped, since ${reason}`;

const secondVerifier = resolve(import.meta.dirname, "../verifier/verify.py");
const directory = "/var/lib/dsecos/audit";
const person = "alice";
const files = 20_000;
/** Acts that are answered before the power is cut. */
const answers = 40;

interface Entry {
  action: string;
  actor: string;
  call?: string;
  details?: Record<string, unknown>;
  loginuid: number;
  object?: string;
  outcome: string;
  source: string;
}

/** An emulated processor is some twenty times slower than what the unit was made for. */
const patience = "[Service]\nTimeoutStartSec=300\n";
const dropIn = "/etc/systemd/system/dsecos-agent.service.d/emulated.conf";

/** Makes many files at once, as fast as one process can. */
const burst = `import os
for i in range(${files}):
    os.close(os.open("/srv/burst/f%05d" % i, os.O_CREAT | os.O_WRONLY, 0o600))
`;

describe.skipIf(reason !== "")(`the audit log on a machine with its own kernel${skipped}`, () => {
  let machine: Machine;
  const work = mkdtempSync(join(tmpdir(), "dsecos-vm-"));
  let copies = 0;

  beforeAll(async () => {
    machine = await Machine.start(plain);
    const own = inject("packages").filter((file) => !basename(file).startsWith("dsecos-witness"));
    await machine.run(["mkdir", "/root/packages", "/srv/burst"]);
    await machine.push(own, "/root/packages");
    await machine.run(["install", "-D", "-m", "644", "/dev/stdin", dropIn], { input: patience });
  }, 1_500_000);

  asWalk();

  afterAll(async () => {
    await machine?.remove();
    rmSync(work, { recursive: true, force: true });
  });

  /** Waits until it has its name on the bus. */
  async function agentIsUp(): Promise<void> {
    await until("the agent to be up", 600, async () => {
      const { stdout } = await machine.probe(["systemctl", "is-active", "dsecos-agent"]);
      return stdout === "active\n";
    });
  }

  /** @returns a copy of the log: checkpoints first, so that none is ahead of its events */
  async function copyLog(): Promise<string> {
    const there = "/root/copy";
    await machine.run(["rm", "-rf", there]);
    await machine.run(["cp", "-r", directory, there]);
    for (const part of ["log", "tile"])
      await machine.run(["cp", "-r", join(directory, part), there]);
    copies += 1;
    const here = join(work, `copy${copies}`);
    await machine.pull(there, here);
    return here;
  }

  function readAll(copy: string): Entry[] {
    const reader = new LogReader(copy);
    try {
      const size = reader.refresh();
      return reader.read(0, size).map(({ payload }) => JSON.parse(payload.toString()));
    } finally {
      reader.close();
    }
  }

  /** @returns what is behind the last whole frame of a copy, which is cut off there */
  function tornEnd(copy: string): Torn | undefined {
    const reader = new LogReader(copy);
    reader.refresh();
    const newest = reader.segments().at(-1);
    reader.close();
    return newest?.state === "open" ? recover(copy, newest.first).torn : undefined;
  }

  /** @returns by their ids, acts that were begun and of which no end is known */
  function openActs(entries: readonly Entry[]): Set<string> {
    const open = new Set<string>();
    for (const { call = "", outcome } of entries)
      if (outcome === "intent") open.add(call);
      else open.delete(call);
    return open;
  }

  /** Both verifiers, one in the machine and one here. */
  async function expectIntact(): Promise<void> {
    await machine.run(["dsecos", "audit", "verify", directory], { seconds: 300 });
    await run("python3", ["-B", secondVerifier, await copyLog()], { seconds: 300 });
  }

  test("the packages install with what the machine has, and the sandboxed agent runs", async () => {
    const install = ["dpkg", "--install", "--recursive", "/root/packages"];
    await machine.run(install, { seconds: 500 });
    await agentIsUp();
    expect(await machine.run(["systemctl", "is-active", "auditd"])).toBe("active\n");
    const asked = ["dsecos", "agent", "get-capabilities", "--json"];
    // Polkit is started by the first question, and may need longer than the agent waits.
    const answered = await until("an answer of the agent", 600, async () => {
      const { code, stdout } = await machine.probe(asked);
      return code === 0 ? stdout : "";
    });
    const known = JSON.parse(answered);
    expect(known).toMatchObject({ user: "root", node: "vm1" });
  }, 1_500_000);

  test("the machine's TPM is enrolled and seals the log", async () => {
    const sealed = ["grep", "--count", '"tpm":{"ak":', "-r", `${directory}/seals`];
    await until("the TPM's first seal", 180, async () => (await machine.probe(sealed)).code === 0);
    await expectIntact();
  }, 600_000);

  test("of 20,000 file events in one burst none is missing", async () => {
    const rule = ["-a", "always,exit", "-F", "arch=b64", "-F", "dir=/srv/burst", "-F", "perm=wa"];
    await machine.run(["auditctl", ...rule, "-F", "key=dsecos-burst"]);
    await machine.run(["python3", "-c", burst], { seconds: 900 });
    const found = '"object":"/srv/burst/f[0-9]*"';
    const count = ["sh", "-c", `grep -aoh '${found}' ${directory}/log/*.seg | sort -u | wc -l`];
    await until(
      `${files} files in the log`,
      900,
      async () => Number(await machine.run(count)) >= files,
      1000,
    );
    const entries = readAll(await copyLog());
    const times = new Map<string, number>();
    for (const { source, object = "" } of entries)
      if (source === "auditd" && object.startsWith("/srv/burst/"))
        times.set(object, (times.get(object) ?? 0) + 1);
    expect(times.size).toBe(files);
    expect([...times].filter(([, number]) => number !== 1)).toEqual([]);
    expect(entries.filter(({ action }) => /^auditd\.(Gap|Suppressed)$/.test(action))).toEqual([]);
    // The kernel itself lost none either.
    expect(await machine.run(["auditctl", "-s"])).toMatch(/^lost 0$/m);
  }, 2_400_000);

  test("logins, sudo and a refused login are on record", async () => {
    await machine.run(["useradd", "--create-home", "--shell", "/bin/bash", person]);
    const home = `/home/${person}/.ssh`;
    await machine.run(["install", "-d", "-o", person, "-m", "700", home]);
    const key = ["/root/.ssh/authorized_keys", `${home}/authorized_keys`];
    await machine.run(["install", "-o", person, "-m", "600", ...key]);
    const allowed = { input: `${person} ALL=(root) NOPASSWD: /usr/bin/id\n` };
    await machine.run(["install", "-m", "440", "/dev/stdin", "/etc/sudoers.d/alice"], allowed);
    const asked = { user: person };
    expect(await machine.run(["sudo", "/usr/bin/id", "-un"], asked)).toBe("root\n");
    expect((await machine.probe(["true"], { user: "mallory" })).code).not.toBe(0);
    let entries: Entry[] = [];
    const has = (wanted: Partial<Entry>) =>
      entries.some((entry) =>
        Object.entries(wanted).every(([key, value]) => entry[key as keyof Entry] === value),
      );
    await until(
      "the events of people",
      120,
      async () => {
        entries = readAll(await copyLog());
        return (
          has({ action: "auditd.USER_START", actor: person, outcome: "success" }) &&
          has({ action: "auditd.USER_CMD", actor: person, outcome: "success" }) &&
          // For a name that is nobody's, sshd tells the journal alone.
          has({ action: "journal.LoginFailed", source: "journal" })
        );
      },
      1000,
    );
  }, 600_000);

  test("root cannot rewrite the log without the capability that only the agent has", async () => {
    const [segment = ""] = (await machine.run(["sh", "-c", `ls ${directory}/log/*.seg`])).split(
      "\n",
    );
    expect(await machine.run(["lsattr", segment])).toMatch(/^[^ ]*a[^ ]* /);
    const without = ["setpriv", "--bounding-set", "-linux_immutable"];
    for (const act of [
      ["dd", "if=/dev/zero", `of=${segment}`, "bs=1", "count=1", "seek=300", "conv=notrunc"],
      ["truncate", "--size=1000", segment],
      ["rm", "-f", segment],
      ["chattr", "-a", segment],
    ]) {
      const { code, stderr } = await machine.probe([...without, ...act]);
      expect(code, act.join(" ")).not.toBe(0);
      expect(stderr).toContain("Operation not permitted");
    }
    await expectIntact();
  }, 600_000);

  test("after a power cut every answered act is there, and each unfinished one has a note", async () => {
    // So that nobody repairs the log before it was looked at.
    await machine.run(["systemctl", "mask", "dsecos-agent"]);
    await machine.run(["sync"]);
    const answered = new Set<number>();
    const asking = machine.talk(["sh", "-c", acts]);
    let cut: Promise<void> | undefined;
    // Ends when the machine does; what it told until then counts, too.
    for await (const line of createInterface({ input: asking.stdout })) {
      expect(line).toMatch(/^\d+$/);
      answered.add(Number(line));
      if (answered.size === answers) cut = machine.cut();
    }
    await cut;
    expect(answered.size).toBeGreaterThanOrEqual(answers);

    await machine.boot();
    const found = await copyLog();
    const before = readAll(found);
    const intents = new Set(
      before.filter(({ outcome }) => outcome === "intent").map(({ object }) => object),
    );
    expect([...answered].filter((act) => !intents.has(requestOf(act)))).toEqual([]);
    const open = openActs(before);
    expect(open.size).toBeGreaterThan(0);
    // Nor was anything signed that was not on the disk.
    await run("python3", ["-B", secondVerifier, found], { seconds: 300 });
    const torn = tornEnd(found);

    await machine.run(["systemctl", "unmask", "dsecos-agent"]);
    await machine.run(["systemctl", "start", "dsecos-agent"], { seconds: 400 });
    let after: Entry[] = [];
    await until(
      "a note for each unfinished act",
      300,
      async () => {
        after = readAll(await copyLog()).slice(before.length);
        return openActs([...before, ...after]).size === 0;
      },
      1000,
    );
    const notes = after.filter(({ details }) => details?.interrupted === true);
    expect(new Set(notes.map(({ call }) => call))).toEqual(open);
    expect(notes.length).toBe(open.size);
    const recovered = after.filter(({ action }) => action === "audit.recovered");
    expect(recovered.map(({ details }) => details?.hash)).toEqual(torn ? [torn.hash] : []);
    await expectIntact();
  }, 1_800_000);
});
