/** The policy store as it lies on the disk: whole, or what it was before. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Known, trimContexts } from "../../agent/selinux/policy/applications.ts";
import { writeStore } from "../../agent/selinux/policy/store.ts";
import { writePolicy } from "../lib/policy-writer.ts";
import { TenantPolicy } from "../lib/tenant-policy.ts";

let work = "";
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), "dsecos-store-"));
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

const known: Known = {
  type: (name) => ["sshd_t", "init_t", "user_t", "staff_t", "x_file_t"].includes(name),
  role: (name) => ["system_r", "user_r", "staff_r"].includes(name),
  user: (name) => name === "system_u",
};

test("contexts that the policy does not have are taken out of what applications are told", () => {
  const trim = (text: string) => trimContexts(text, known);
  expect(
    trim("# said\nsystem_r:sshd_t:s0\tuser_r:user_t:s0 xdm_r:xdm_t:s0 user_r:gone_t:s0\n"),
  ).toBe("# said\nsystem_r:sshd_t:s0 user_r:user_t:s0\n");
  expect(trim("system_r:gone_t:s0 user_r:user_t:s0\nsystem_r:init_t:s0 user_r:user_t:s0\n")).toBe(
    "system_r:init_t:s0 user_r:user_t:s0\n",
  );
  expect(trim("system_r:sshd_t:s0 xdm_r:user_t:s0\n")).toBeUndefined();
  expect(
    trim('process = "system_u:system_r:gone_t:s0"\nfile = "system_u:object_r:x_file_t:s0"\n'),
  ).toBe(undefined);
  expect(
    trim('process = "system_u:system_r:sshd_t:s0"\nfile = "other_u:system_r:sshd_t:s0"\n'),
  ).toBe('process = "system_u:system_r:sshd_t:s0"\n');
  expect(trim("gone_t\nx_file_t\n")).toBe("x_file_t\n");
  expect(trim("run_init=gone_t\n")).toBeUndefined();
  expect(trim("user_r:user_t\nstaff_r:gone_t\n")).toBe("user_r:user_t\n");
  // Neither contexts nor types: as they are, however little it is.
  for (const text of [
    "",
    "# nothing\n",
    "<busconfig>\n  <selinux>\n</busconfig>\n",
    "/bin /usr/bin\n",
  ])
    expect(trim(text)).toBe(text);
});

/** What the compiler leaves, and a part of Debian's contexts. */
function ground(): { built: string; contexts: string; root: string } {
  const model = new TenantPolicy(1).model;
  const built = join(work, "built");
  const contexts = join(work, "debian");
  put(join(built, "file_contexts"), "/.*\tsystem_u:object_r:etc_t:s0\n");
  writeFileSync(join(built, "policy.33"), writePolicy(model));
  put(join(contexts, "default_contexts"), "system_r:init_t system_r:daemon_t gone_r:gone_t\n");
  put(join(contexts, "lxc_contexts"), 'process = "system_u:system_r:container_t:s0"\n');
  put(join(contexts, "dbus_contexts"), "<busconfig>\n</busconfig>\n");
  put(join(contexts, "users/nobody_u"), "system_r:init_t system_r:daemon_t\n");
  put(join(contexts, "files/file_contexts.subs_dist"), "/bin /usr/bin\n");
  put(join(contexts, "files/file_contexts.bin"), "Debian's");
  return { built, contexts, root: join(work, "root") };
}

function put(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** @returns paths below a directory, with what is in them */
function contents(directory: string): Record<string, string> {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Object.fromEntries(
    files
      .map(({ parentPath, name }) => join(parentPath, name))
      .map((file) => [file.slice(directory.length + 1), readFileSync(file, "latin1")] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

test("a store has all that libselinux looks for, and nothing that the policy does not know", async () => {
  const { built, contexts, root } = ground();
  const store = await writeStore(built, { root, contexts });
  expect(store).toBe(join(root, "etc/selinux/enterprise"));
  expect(contents(store)).toEqual({
    "contexts/dbus_contexts": "<busconfig>\n</busconfig>\n",
    "contexts/default_contexts": "system_r:init_t system_r:daemon_t\n",
    "contexts/files/file_contexts": "/.*\tsystem_u:object_r:etc_t:s0\n",
    "contexts/files/file_contexts.homedirs": "",
    "contexts/files/file_contexts.local": "",
    "contexts/files/file_contexts.subs_dist": "/bin /usr/bin\n",
    "policy/policy.33": readFileSync(join(built, "policy.33"), "latin1"),
    seusers: "root:unconfined_u:s0-s0:c0.c1023\n__default__:unconfined_u:s0-s0:c0.c1023\n",
  });
});

test("what a person set on the node stays, but for SELinux users that are gone", async () => {
  const { built, contexts, root } = ground();
  const store = await writeStore(built, { root, contexts });
  const local = join(store, "contexts/files/file_contexts.local");
  writeFileSync(local, "/srv/x\tsystem_u:object_r:bin_t:s0\n");
  writeFileSync(
    join(store, "seusers"),
    "# ours\nalice:system_u:s0\nbob:gone_u:s0\n__default__:system_u:s0\n",
  );
  put(join(store, "contexts/files/file_contexts.bin"), "older");
  await writeStore(built, { root, contexts });
  expect(readFileSync(local, "utf8")).toBe("/srv/x\tsystem_u:object_r:bin_t:s0\n");
  expect(readFileSync(join(store, "seusers"), "utf8")).toBe(
    "# ours\nalice:system_u:s0\n__default__:system_u:s0\nroot:unconfined_u:s0-s0:c0.c1023\n",
  );
  expect(existsSync(join(store, "contexts/files/file_contexts.bin"))).toBe(false);
});

test("a store that could not be written whole is the one that was there", async () => {
  const { built, contexts, root } = ground();
  const store = await writeStore(built, { root, contexts });
  const before = contents(store);
  put(join(contexts, "default_contexts"), "system_r:init_t system_r:init_t\n");
  // Something is in the way of the last file that is written.
  mkdirSync(join(store, "policy/policy.33.new"));
  await expect(writeStore(built, { root, contexts })).rejects.toThrow("policy.33.new");
  rmSync(join(store, "policy/policy.33.new"), { recursive: true, force: true });
  expect(contents(store)).toEqual(before);
  // Nor does a policy that is none get as far as that.
  writeFileSync(join(built, "policy.33"), "none");
  await expect(writeStore(built, { root, contexts })).rejects.toThrow();
  expect(contents(store)).toEqual(before);
});
