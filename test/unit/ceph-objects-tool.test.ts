import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openTool } from "../../agent/ceph/link/tool.ts";
import type { CephStatus } from "../../agent/ceph/link/types.ts";

const directory = mkdtempSync("/var/tmp/dsecos-tool-");
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Stands for the program: what it does is said by the shell's words. */
function fake(name: string, words: string): string {
  const path = join(directory, name);
  writeFileSync(path, `#!/bin/sh\n${words}\n`);
  chmodSync(path, 0o755);
  return path;
}

const status = (more: Partial<CephStatus> = {}): CephStatus => ({
  ...{ state: "ready", since: "", reason: "", version: "16.2.15", fsid: "f", ...more },
});

function tool(program: string, more: Partial<CephStatus> = {}, pools = [".rgw.root"]) {
  const link = { status: () => status(more), mon: async () => pools };
  const places = { config: "/c", user: "client.x", keyring: "/k" };
  return openTool({ link, ...places, program });
}

describe("radosgw-admin", () => {
  test("is told who asks, by arguments alone, and knows nothing of this process' environment", async () => {
    process.env.CEPH_ARGS = "--id=other";
    const echo = fake("echo", 'printf \'["%s","%s"]\' "$*" "$CEPH_ARGS"');
    expect(await tool(echo).json(["zone", "get", "--zone-id", "a b"])).toEqual([
      "--conf /c --name client.x --keyring /k --log-to-file=false --admin-socket= zone get --zone-id a b",
      "",
    ]);
    delete process.env.CEPH_ARGS;
  });

  test.each([
    ["echo 'could not fetch user info: no user info saved' >&2; exit 22", "NotFound"],
    ["echo 'failure: (2002) Unknown error 2002: ' >&2; exit 210", "NotFound"],
    ["echo 'unable to initialize zone: (1) Operation not permitted' >&2; exit 1", "Denied"],
    ["echo 'failed to fetch mon config (--no-mon-config to skip)' >&2; exit 1", "Denied"],
    ["echo 'ERROR: unrecognized argument' >&2; exit 1", "Unavailable"],
    ["echo 'could not create user: user: t$u exists' >&2; exit 17", "Conflict"],
    ["exit 22", "InvalidArgument"],
    ["kill -9 $$", "Unavailable"],
    ["echo 'no json: secret'", "Unavailable"],
  ])("%s: %s", async (words, code) => {
    const refused = tool(fake("refuse", words)).json(["user", "info", "--uid", "t$u"]);
    await expect(refused).rejects.toMatchObject({ code });
    await expect(refused).rejects.toThrow(/^[^\n]*radosgw-admin user info [^\n]*\.$/);
    await expect(refused).rejects.not.toThrow(/secret|--uid/);
  });

  test("that is missing, late or endless is told so", async () => {
    const missing = tool(join(directory, "none")).json(["zone", "get"]);
    await expect(missing).rejects.toThrow("install the package ceph-common");
    const late = tool(fake("late", "exec sleep 60")).json(["zone", "get"], 0.2);
    await expect(late).rejects.toMatchObject({ code: "Timeout" });
    const endless = tool(fake("endless", "exec yes")).json(["zone", "get"]);
    await expect(endless).rejects.toThrow("more than 64 MiB");
  });

  test("is not begun where the cluster is away, or has no gateways and would get pools", async () => {
    const never = fake("never", `touch ${join(directory, "began")}`);
    const away = tool(never, { state: "noQuorum", reason: "No monitor answers." });
    await expect(away.json(["zone", "get"])).rejects.toThrow("No monitor answers.");
    await expect(tool(never, {}, ["rbd"]).json(["zone", "get"])).rejects.toMatchObject({
      code: "NotFound",
    });
    await expect(tool(fake("ls", `ls ${directory}/began`)).text(["x"])).rejects.toThrow();
  });

  test("runs twice at a time, and after failures too", async () => {
    const asked = tool(fake("count", "exit 2"));
    const all = await Promise.allSettled(Array.from({ length: 6 }, () => asked.text(["x"])));
    expect(all.every(({ status: ended }) => ended === "rejected")).toBe(true);
    const echo = tool(fake("echo2", "echo 1"));
    expect(await Promise.all(Array.from({ length: 6 }, () => echo.json(["x"])))).toEqual(
      Array.from({ length: 6 }, () => 1),
    );
  });
});
