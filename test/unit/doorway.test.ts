import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openDoorway } from "../../agent/instances/doorway.ts";

const directory = mkdtempSync(join(tmpdir(), "dsecos-doorway-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const uid = process.getuid?.() ?? 0;

/** @returns `connected`, or the code of the failure. */
function tryIn(path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(path, () => resolve("connected"));
    socket.on("error", (error) => resolve("code" in error ? String(error.code) : error.message));
  });
}

test("is open to its user alone, lets one in, and is gone", async () => {
  const door = await openDoorway(directory, uid, 10_000);
  const { mode, uid: owner } = statSync(door.path);
  expect([mode & 0o777, owner]).toEqual([0o600, uid]);
  expect(await tryIn(door.path)).toBe("connected");
  const visitor = await door.visitor;
  expect(visitor).toBeDefined();
  expect(existsSync(door.path)).toBe(false);
  expect(await tryIn(door.path)).toBe("ENOENT");
  visitor?.destroy();
});

test("of many that come at once one is let in", async () => {
  const door = await openDoorway(directory, uid, 10_000);
  const sockets = Array.from({ length: 5 }, () => connect(door.path));
  const ends = sockets.map(
    (socket) =>
      new Promise<void>((resolve) => socket.on("close", () => resolve()).on("error", () => {})),
  );
  const visitor = await door.visitor;
  visitor?.write("welcome");
  const heard = sockets.map((socket) => new Promise((resolve) => socket.on("data", resolve)));
  expect(String(await Promise.race(heard))).toBe("welcome");
  visitor?.destroy();
  await Promise.all(ends);
});

test("closes when nobody comes in time, and when it is told to", async () => {
  const late = await openDoorway(directory, uid, 50);
  expect(await late.visitor).toBeUndefined();
  expect(existsSync(late.path)).toBe(false);
  const closed = await openDoorway(directory, uid, 10_000);
  closed.close();
  closed.close();
  expect(await closed.visitor).toBeUndefined();
  expect(existsSync(closed.path)).toBe(false);
});
