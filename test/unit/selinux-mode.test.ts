/** Mode of SELinux: what is read of it, and that nothing unknown looks good. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { System } from "../../agent/node/system.ts";
import { parseKernelLine } from "../../agent/selinux/kernel-line.ts";
import { readMode } from "../../agent/selinux/mode.ts";
import { type ModeFact, modeFacts } from "../../agent/selinux/mode-facts.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "dsecos-mode-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const sound = {
  "sys/fs/selinux/enforce": "1",
  "sys/fs/selinux/deny_unknown": "1",
  "sys/fs/selinux/reject_unknown": "0",
  "sys/fs/selinux/checkreqprot": "0",
  "sys/fs/selinux/policyvers": "33",
  "sys/kernel/security/lsm": "lockdown,capability,landlock,yama,selinux,bpf",
  "etc/selinux/config":
    "# comment\nSELINUX=enforcing\nSELINUXTYPE=default\nSELINUXTYPE=enterprise \n",
  "proc/cmdline": "BOOT_IMAGE=/vmlinuz root=/dev/vda security=selinux enforcing=1 audit=1\n",
  "proc/sys/kernel/osrelease": "6.12.117+deb13-amd64\n",
};

function write(files: Record<string, string | undefined>) {
  for (const [path, text] of Object.entries(files)) {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    if (text === undefined) rmSync(file, { force: true });
    else writeFileSync(file, text);
  }
}

const none = async () => [];
const look = async (permissive: () => Promise<string[]> = none) => {
  const readings = await readMode(new System(root), permissive);
  const facts = modeFacts(readings);
  const verdict = (id: string) => facts.find((fact) => fact.id === id) as ModeFact;
  return { readings, facts, verdict };
};

test("a sound node", async () => {
  write(sound);
  const { readings, facts, verdict } = await look();
  expect(readings).toEqual({
    now: { value: "enforcing" },
    configured: { value: "enforcing" },
    policyName: { value: "enterprise" },
    kernelLine: {
      value: {
        enforcing: true,
        selinux: undefined,
        security: "selinux",
        lsm: undefined,
        chosen: "selinux",
      },
    },
    atBoot: { value: "enforcing" },
    modules: { value: ["lockdown", "capability", "landlock", "yama", "selinux", "bpf"] },
    unknownPermissions: { value: "deny" },
    checksRequested: { value: false },
    newestVersion: { value: 33 },
    permissiveDomains: { value: [] },
    kernel: { value: "6.12.117+deb13-amd64" },
  });
  // The promise of both cannot be kept whole, and that is not hidden.
  expect(facts.filter(({ verdict }) => verdict !== "good").map(({ id }) => id)).toEqual([
    "modules",
  ]);
  expect(verdict("modules").fact).toContain("only one of them (6.12.117+deb13-amd64)");
});

test("each thing that weakens it", async () => {
  const cases: [Record<string, string | undefined>, string, string][] = [
    [{ "sys/fs/selinux/enforce": "0" }, "now", "permissive"],
    [
      { "etc/selinux/config": "SELINUX=permissive\n", "proc/cmdline": "security=selinux" },
      "boot",
      "permissive",
    ],
    [{ "etc/selinux/config": "SELINUX=disabled\n" }, "boot", "without SELinux"],
    [{ "proc/cmdline": "security=selinux enforcing=0" }, "boot", "starts permissive"],
    [{ "proc/cmdline": "root=/dev/vda selinux=1 enforcing=1" }, "boot", "without SELinux"],
    [{ "proc/cmdline": "root=/dev/vda selinux=1" }, "line", "do not look at selinux=1"],
    [{ "proc/cmdline": "security=apparmor" }, "line", "does not choose SELinux"],
    [{ "sys/fs/selinux/checkreqprot": "1" }, "memory", "as programs ask"],
    [{ "sys/kernel/security/lsm": "capability,apparmor" }, "modules", "SELinux does not"],
    [{ "sys/kernel/security/lsm": "capability" }, "modules", "Neither"],
    [
      { "sys/fs/selinux/enforce": undefined, "sys/kernel/security/lsm": "capability,apparmor" },
      "now",
      "not active",
    ],
  ];
  for (const [files, id, words] of cases) {
    write({ ...sound, ...files });
    const { verdict } = await look();
    expect(verdict(id), JSON.stringify(files)).toMatchObject({
      verdict: "bad",
      fact: expect.stringContaining(words),
      remedy: expect.any(String),
    });
  }
  write({ ...sound, "sys/fs/selinux/deny_unknown": "0" });
  expect((await look()).verdict("unknown").verdict).toBe("warning");
  const many = ["a_t", "b_t", "c_t", "d_t", "e_t", "f_t"];
  const { verdict } = await look(async () => many);
  expect(verdict("permissive")).toMatchObject({ verdict: "bad" });
  expect(verdict("permissive").fact).toBe(
    "Nothing is refused to a_t, b_t, c_t, d_t, e_t and 1 more.",
  );
});

test("what cannot be read is unknown with its reason, and nothing of it is good", async () => {
  const { readings, facts } = await look(async () => {
    throw new Error("the policy may not be read");
  });
  for (const [name, reading] of Object.entries(readings))
    expect(reading, name).toEqual({ unknown: expect.any(String) });
  expect(readings.now).toEqual({ unknown: expect.stringContaining("/sys/fs/selinux/enforce") });
  expect(new Set(facts.map(({ verdict }) => verdict))).toEqual(new Set(["unknown"]));
  expect(facts.find(({ id }) => id === "permissive")?.fact).toBe(
    "This cannot be found out: the policy may not be read.",
  );
  for (const path of Object.keys(sound)) write({ [path]: "\u0000nonsense" });
  const nonsense = await look();
  expect(nonsense.facts.filter(({ verdict }) => verdict === "good").map(({ id }) => id)).toEqual([
    "permissive",
  ]);
  write(sound);
  rmSync(join(root, "sys/fs/selinux/enforce"));
  mkdirSync(join(root, "sys/fs/selinux/enforce"));
  // Its file system is not there, and the kernel says that it runs all the same.
  expect((await look()).readings.now).toEqual({ unknown: expect.stringContaining("EISDIR") });
});

test("a kernel that knows no file system of SELinux does not run it, whatever else is hidden", async () => {
  const hidden = ["sys/fs/selinux/enforce", "sys/kernel/security/lsm"];
  const rest = Object.entries(sound).filter(([path]) => !hidden.includes(path));
  const now = async (filesystems: string) => {
    write({ ...Object.fromEntries(rest), "proc/filesystems": filesystems });
    return (await look()).readings.now;
  };
  expect(await now("nodev\tsysfs\n\text4\n")).toEqual({ value: "disabled" });
  expect(await now("nodev\tsysfs\nnodev\tselinuxfs\n\text4\n")).toHaveProperty("unknown");
});

test("the kernel's command line, as the kernel and libselinux read it", () => {
  const of = (text: string) => {
    const { enforcing, chosen } = parseKernelLine(text);
    return [chosen, enforcing];
  };
  expect(of("")).toEqual(["apparmor", undefined]);
  expect(of("apparmor=0 quiet")).toEqual(["selinux", undefined]);
  expect(of("security=apparmor security=selinux enforcing=1")).toEqual(["selinux", true]);
  expect(of("lsm=landlock,selinux,apparmor security=apparmor")).toEqual(["selinux", undefined]);
  expect(of("lsm=landlock,apparmor,selinux")).toEqual(["apparmor", undefined]);
  expect(of("lsm=apparmor,selinux apparmor=0")).toEqual(["selinux", undefined]);
  expect(of("lsm=landlock,yama")).toEqual(["neither", undefined]);
  expect(of("security=none")).toEqual(["neither", undefined]);
  // libselinux looks at the first one, and does not find it behind another word.
  expect(of("security=selinux enforcing=0 enforcing=1")).toEqual(["selinux", false]);
  expect(of("security=selinux x.enforcing=0 enforcing=1")).toEqual(["selinux", undefined]);
  expect(of("security=selinux enforcing=yes")).toEqual(["selinux", false]);
  expect(parseKernelLine('a="b c" selinux=0 "security=selinux"')).toMatchObject({
    selinux: "0",
    security: "selinux",
  });
});
