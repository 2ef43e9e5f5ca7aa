/** `dsecos selinux enable` in a tree that stands for a node; nothing of this machine is changed. */
import { hash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { commandsOf } from "../../agent/bus/derive/commands.ts";
import { DsecosError } from "../../agent/bus/errors.ts";
import { parseCall } from "../../agent/cli/parse.ts";
import { enableSelinux } from "../../agent/cli/selinux-enable.ts";
import type { Terminal } from "../../agent/cli/terminal.ts";
import { contracts } from "../../agent/contracts.ts";
import { carryOut } from "../../agent/selinux/activation/activate.ts";
import { settingOf, withSettings } from "../../agent/selinux/activation/config-text.ts";
import { type Place, thisMachine } from "../../agent/selinux/activation/place.ts";
import { stepsToEnable } from "../../agent/selinux/activation/steps.ts";
import { KeptPolicies } from "../../agent/selinux/loads/kept.ts";
import { openPolicyKey } from "../../agent/selinux/loads/key.ts";
import { signStatement } from "../../agent/selinux/loads/statement.ts";
import { unsignedStatement } from "../lib/policy-statement.ts";
import { writePolicy } from "../lib/policy-writer.ts";
import { TenantPolicy } from "../lib/tenant-policy.ts";

const scratch = mkdtempSync(join(tmpdir(), "dsecos-enable-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const debianConfig =
  "# selinux_config(5)\nSELINUX=permissive\nSELINUXTYPE=default\nSETLOCALDEFS=0\n";

let root: string;
let place: Place;
let printed: string[];

const at = (path: string) => join(root, path);
const text = (path: string) => readFileSync(at(path), "utf8");

function put(path: string, content: string | Buffer = ""): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), content);
}

/** Gathers what GRUB would take from its configuration; a fake of update-grub. */
function fakeUpdateGrub(script: string): void {
  put("fake-update-grub", `#!/bin/sh\n${script}\n`);
  chmodSync(at("fake-update-grub"), 0o755);
}

/** A policy under which the product's own assumptions hold. */
function provable(): TenantPolicy {
  const made = new TenantPolicy(2);
  made.model.rules = made.model.rules.filter(({ source }) => source !== "unconfined_domain");
  return made;
}

async function install(made: TenantPolicy): Promise<void> {
  const policy = writePolicy(made.model);
  const contexts = Buffer.from("/.* system_u:object_r:etc_t:s0\n");
  const kept = new KeptPolicies(at("var/lib/dsecos/selinux"));
  const work = await kept.begin();
  writeFileSync(join(work, "policy.33"), policy);
  writeFileSync(join(work, "file_contexts"), contexts);
  const key = await openPolicyKey(kept.directory, "node1");
  const statement = signStatement(unsignedStatement(policy, contexts), key);
  await kept.keep(work, hash("sha256", policy, "hex"), statement);
  put("etc/selinux/enterprise/policy/policy.33", policy);
  put("etc/selinux/enterprise/contexts/files/file_contexts", contexts);
  put("etc/selinux/enterprise/seusers", "root:unconfined_u:s0\n__default__:unconfined_u:s0\n");
}

beforeEach(async () => {
  root = mkdtempSync(join(scratch, "node-"));
  place = { ...thisMachine, root, updateGrub: { command: at("fake-update-grub") } };
  printed = [];
  for (const program of ["fixfiles", "setfiles", "selinuxenabled"]) put(`usr/sbin/${program}`);
  put("usr/lib/systemd/system-generators/selinux-autorelabel-generator.sh");
  put("usr/lib/systemd/selinux-autorelabel");
  put("proc/sys/kernel/osrelease", "6.12.1\n");
  put("boot/config-6.12.1", "CONFIG_SECURITY_SELINUX=y\n");
  put("sys/kernel/security/lsm", "lockdown,capability,apparmor");
  put("etc/selinux/config", debianConfig);
  put("etc/default/grub", 'GRUB_CMDLINE_LINUX_DEFAULT="quiet"\nGRUB_CMDLINE_LINUX=""\n');
  put("boot/grub/grub.cfg", "linux /vmlinuz quiet\n");
  mkdirSync(at("etc/default/grub.d"));
  fakeUpdateGrub(
    `cat ${at("etc/default/grub")} ${at("etc/default/grub.d")}/*.cfg > ${at("boot/grub/grub.cfg")} 2>/dev/null; true`,
  );
  await install(provable());
});

async function enable(...words: string[]): Promise<{ code: number; error: string }> {
  const command = commandsOf(contracts).find(
    ({ subsystem, verb }) => subsystem === "selinux" && verb === "enable",
  );
  if (command === undefined) throw new Error("there is no such verb");
  const terminal: Terminal = {
    screen: { width: 100, colour: false },
    interactive: false,
    print: (line) => printed.push(line),
    tell: () => {},
    progress: () => {},
    confirm: async () => undefined,
  };
  try {
    return { code: await enableSelinux(parseCall(command, words), terminal, place), error: "" };
  } catch (error) {
    if (!(error instanceof DsecosError)) throw error;
    return { code: -1, error: error.message };
  }
}

/** What enabling changes, as it is now. */
function state() {
  return {
    config: existsSync(at("etc/selinux/config")) ? text("etc/selinux/config") : undefined,
    told: text("boot/grub/grub.cfg").includes("security=selinux"),
    snippet: existsSync(at("etc/default/grub.d/dsecos-selinux.cfg")),
    relabel: existsSync(at(".autorelabel")),
    record: existsSync(at("var/lib/dsecos/selinux/activation.json")),
  };
}

const untouched = {
  config: debianConfig,
  ...{ told: false, snippet: false, relabel: false, record: false },
};
const enabled = {
  config: "# selinux_config(5)\nSELINUX=permissive\nSELINUXTYPE=enterprise\nSETLOCALDEFS=0\n",
  ...{ told: true, snippet: true, relabel: true, record: true },
};

describe("without --yes", () => {
  test("it checks, says what would be done, and does nothing", async () => {
    const { code, error } = await enable();
    expect([code, error]).toEqual([0, ""]);
    const all = printed.join("\n");
    expect(all).toMatch(/good {4}Policy: Built on node1 .* signed, and proved just now/);
    expect(all).toMatch(/warning {1}AppArmor: It runs, and will not any more/);
    expect(all).toContain("This would be done:");
    expect(all).toContain("security=selinux");
    expect(state()).toEqual(untouched);
  });

  test("the checks are a document for programs", async () => {
    await enable("--json");
    const { checks, done } = JSON.parse(printed.join("\n"));
    expect(done).toBe(false);
    expect(checks.map(({ id }: { id: string }) => id)).toEqual([
      ...["tools", "kernel", "policy", "boot", "apparmor", "space", "instances", "logins"],
    ]);
  });
});

describe("with --yes", () => {
  test("it does all of it, and --undo takes all of it back", async () => {
    expect(await enable("--yes")).toEqual({ code: 0, error: "" });
    expect(state()).toEqual(enabled);
    expect(printed.join("\n")).toMatch(/Start the node again: it labels all files/);
    expect(await enable("--yes")).toEqual({ code: 0, error: "" });
    expect(state()).toEqual(enabled);
    expect(await enable("--undo", "--yes")).toEqual({ code: 0, error: "" });
    expect(state()).toEqual(untouched);
    expect(await enable("--undo", "--yes")).toEqual({ code: 0, error: "" });
    expect(state()).toEqual(untouched);
  });

  test("what a person wrote since then stays when it is taken back", async () => {
    await enable("--yes");
    writeFileSync(at("etc/selinux/config"), `${text("etc/selinux/config")}# mine\n`);
    await enable("--undo", "--yes");
    expect(text("etc/selinux/config")).toBe(`${debianConfig}# mine\n`);
  });

  test("a configuration that was not there is not there afterwards", async () => {
    rmSync(at("etc/selinux/config"));
    await enable("--yes");
    expect(text("etc/selinux/config")).toBe("SELINUX=permissive\nSELINUXTYPE=enterprise\n");
    await enable("--undo", "--yes");
    expect(state().config).toBeUndefined();
  });

  test("what fails half-way is taken back, wherever it fails", async () => {
    const steps = stepsToEnable(place);
    for (const failing of steps.keys()) {
      const some = steps.map((step, index) => ({
        ...step,
        do: () => (index === failing ? Promise.reject(new Error("no room")) : step.do()),
      }));
      await expect(carryOut(some, () => {})).rejects.toThrow("no room. Nothing was changed.");
      expect(state()).toEqual(untouched);
    }
  });

  test("a boot loader that does not take it up is told, and nothing stays", async () => {
    fakeUpdateGrub("true");
    const { error } = await enable("--yes");
    expect(error).toMatch(/does not have security=selinux.*Nothing was changed\.$/);
    expect(state()).toEqual(untouched);
    fakeUpdateGrub("echo no device >&2; exit 3");
    expect((await enable("--yes")).error).toBe(
      "update-grub ended with 3: no device. Nothing was changed.",
    );
    expect(state()).toEqual(untouched);
  });

  test("what could not be taken back is told", async () => {
    fakeUpdateGrub(
      `echo security=selinux > ${at("boot/grub/grub.cfg")}; rm ${at("fake-update-grub")}`,
    );
    const steps = stepsToEnable(place);
    const some = [
      ...steps.slice(0, 2),
      { title: "last", do: () => Promise.reject(new Error("x")), undo: async () => {} },
    ];
    await expect(carryOut(some, () => {})).rejects.toThrow(
      /^x\. This could not be taken back: Put security=selinux.*is missing/,
    );
  });
});

describe("a check that fails keeps everything as it is, and says what to do", () => {
  const cases: Record<string, [spoil: () => void | Promise<void>, said: RegExp]> = {
    "programs that are missing": [
      () => rmSync(at("usr/sbin/setfiles")),
      /apt install policycoreutils/,
    ],
    "a kernel without SELinux": [
      () => put("boot/config-6.12.1", "# none\n"),
      /built without SELinux/,
    ],
    "no policy": [
      () => rmSync(at("etc/selinux/enterprise"), { recursive: true }),
      /policy\.33 is not there/,
    ],
    "a policy that nobody signed": [
      () => {
        const bytes = writePolicy(new TenantPolicy(3).model);
        writeFileSync(at("etc/selinux/enterprise/policy/policy.33"), bytes);
      },
      /There is no policy [0-9a-f]{64} on this node/,
    ],
    "a policy that is not proved": [
      async () => {
        const leaking = provable();
        leaking.add("allow tenant0001_t tenant0002_vol_t:file { read };");
        await install(leaking);
      },
      /not proved: .*tenant0002_vol_t/,
    ],
    "a node that does not start by GRUB": [
      () => {
        place = { ...place, updateGrub: { command: "/nowhere/update-grub" } };
      },
      /\/nowhere\/update-grub is not there: this node does not start by GRUB/,
    ],
    "a kernel line that speaks against it": [
      () => put("etc/default/grub", 'GRUB_CMDLINE_LINUX="lsm=apparmor,bpf"\n'),
      /lsm=apparmor,bpf, which speaks against it/,
    ],
    "a start that would not label": [
      () => put("etc/default/grub", 'GRUB_CMDLINE_LINUX="noautorelabel"\n'),
      /noautorelabel, which speaks against it/,
    ],
    "nobody who could log in": [
      () => put("etc/selinux/enterprise/seusers", "root:unconfined_u:s0\n"),
      /does not say who __default__ is/,
    ],
  };

  test.each(Object.entries(cases))("%s", async (_, [spoil, said]) => {
    await spoil();
    const { code, error } = await enable("--yes");
    expect(code).toBe(-1);
    expect(error).toMatch(/^Nothing was changed\. First put this right: /);
    expect(printed.join("\n")).toMatch(said);
    expect(state()).toEqual(untouched);
  });
});

describe("enforcing", () => {
  test("comes after the start that labels", async () => {
    expect((await enable("--enforcing", "--yes")).error).toMatch(/First put this right: Labels/);
    expect(printed.join("\n")).toContain("without --enforcing first");
    await enable("--yes");
    put("sys/fs/selinux/enforce", "0");
    put("proc/1/attr/current", "system_u:system_r:init_t:s0\0");
    expect((await enable("--enforcing", "--yes")).error).toMatch(/Labels/);
    rmSync(at(".autorelabel"));
    put("proc/1/attr/current", "system_u:system_r:kernel_t:s0\0");
    expect((await enable("--enforcing", "--yes")).error).toMatch(/Labels/);
    put("proc/1/attr/current", "system_u:system_r:init_t:s0\0");
    expect(await enable("--enforcing", "--yes")).toEqual({ code: 0, error: "" });
    expect(text("etc/selinux/config")).toContain("SELINUX=enforcing\nSELINUXTYPE=enterprise\n");
    await enable("--undo", "--yes");
    expect(state()).toEqual(untouched);
  });

  test("and taking back at once is refused", async () => {
    expect((await enable("--enforcing", "--undo")).error).toMatch(/speak against each other/);
  });
});

test("settings are changed where libselinux reads them, and nothing else is", () => {
  const odd =
    "SELINUX=disabled\n# SELINUX= can be\nselinuxtype=a\nSELINUX=enforcing\nSELINUXTYPE=b";
  const set = withSettings(odd, { SELINUX: "permissive", SELINUXTYPE: "enterprise" });
  expect(set).toBe("SELINUX=permissive\n# SELINUX= can be\nSELINUXTYPE=enterprise\n");
  expect(settingOf(odd, "SELINUX")).toBe("disabled");
  expect(settingOf(odd, "SELINUXTYPE")).toBe("b");
  expect(settingOf("", "SELINUX")).toBeUndefined();
});
