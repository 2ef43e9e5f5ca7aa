import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { IncusClient } from "../../agent/incus/client.ts";
import { errorOfAnswer } from "../../agent/incus/errors.ts";
import { IncusEvents, parseEvent } from "../../agent/incus/events.ts";
import { waitFor } from "../../agent/incus/operations.ts";
import { literal, select } from "../../agent/incus/sql.ts";

const directory = mkdtempSync("/tmp/dsecos-incus-unit-");
const socketPath = join(directory, "socket");
let server: Server | undefined;

/** Stands in for a daemon that misbehaves in a chosen way. */
async function fakeIncus(answer: Parameters<typeof createServer>[1]): Promise<IncusClient> {
  server = createServer(answer as never).listen(socketPath);
  await once(server, "listening");
  return new IncusClient(socketPath);
}

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  server = undefined;
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const envelope = (metadata: unknown) =>
  JSON.stringify({ type: "sync", metadata, operation: "", error: "", error_code: 0 });

describe("client", () => {
  test("says that Incus does not run where there is no socket", async () => {
    const client = new IncusClient(join(directory, "nowhere"));
    await expect(client.get("/1.0")).rejects.toMatchObject({
      code: "Unavailable",
      message: expect.stringContaining("Incus is not running on this node"),
    });
  });

  test("gives up on a daemon that hangs", async () => {
    const client = await fakeIncus(() => undefined);
    const began = Date.now();
    const call = client.get("/1.0", { timeoutMs: 200 });
    await expect(call).rejects.toMatchObject({ code: "Timeout" });
    expect(Date.now() - began).toBeLessThan(2000);
  });

  test("gives up on a daemon that hangs within its answer", async () => {
    const client = await fakeIncus((_, response) => void response.write('{"type":'));
    const call = client.get("/1.0", { timeoutMs: 200 });
    await expect(call).rejects.toMatchObject({ code: "Timeout" });
  });

  test("takes no more than the bound", async () => {
    const client = await fakeIncus((_, response) => response.end(envelope("x".repeat(5000))));
    const call = client.get("/1.0", { maxBytes: 1000 });
    await expect(call).rejects.toMatchObject({ code: "Unavailable" });
  });

  test("an answer that is no JSON is an error with a remedy", async () => {
    const client = await fakeIncus((_, response) => response.end("<html>"));
    await expect(client.get("/1.0")).rejects.toMatchObject({ code: "Unavailable" });
  });

  test("passes project and query on", async () => {
    const client = await fakeIncus((request, response) => response.end(envelope(request.url)));
    const url = await client.get("/1.0/instances", { project: "a b", query: { recursion: "1" } });
    expect(url).toBe("/1.0/instances?recursion=1&project=a+b");
  });

  test("stops when the call is over", async () => {
    const client = await fakeIncus(() => undefined);
    const abort = new AbortController();
    const call = client.get("/1.0", { signal: abort.signal });
    abort.abort();
    await expect(call).rejects.toMatchObject({ code: "Timeout" });
  });
});

describe("operations", () => {
  const operation = (status_code: number, err = "") =>
    envelope({ id: "1", status: "", status_code, metadata: { done: status_code }, err });
  const runsOut = JSON.stringify({
    type: "error",
    error: "context deadline exceeded",
    error_code: 500,
  });

  test("that take longer than one wait are followed to their end", async () => {
    let waits = 0;
    const client = await fakeIncus((request, response) => {
      if (!request.url?.includes("/wait")) return response.end(operation(103));
      waits += 1;
      return response.end(waits < 3 ? runsOut : operation(200));
    });
    expect(await waitFor(client, "/1.0/operations/1")).toEqual({ done: 200 });
    expect(waits).toBe(3);
  });

  test("that fail tell why, also when what failed was a time limit", async () => {
    const client = await fakeIncus((request, response) => {
      const waiting = request.url?.includes("/wait");
      response.end(waiting ? runsOut : operation(400, "context deadline exceeded"));
    });
    await expect(waitFor(client, "/1.0/operations/1")).rejects.toMatchObject({ code: "Timeout" });
  });

  test("that Incus has forgotten are of unknown outcome, not missing", async () => {
    const client = await fakeIncus((_, response) => {
      response.statusCode = 404;
      response.end(
        JSON.stringify({ type: "error", error: "Operation not found", error_code: 404 }),
      );
    });
    const wait = waitFor(client, "/1.0/operations/1");
    await expect(wait).rejects.toMatchObject({ code: "Unavailable" });
  });
});

describe("errors of Incus", () => {
  const cases: [number, string, string][] = [
    [404, "Project not found", "NotFound"],
    [409, "anything", "Conflict"],
    [400, 'Project "a" already exists', "Conflict"],
    [412, "ETag doesn't match: a vs b", "Conflict"],
    [403, "not authorized", "Denied"],
    [400, "Invalid name", "InvalidArgument"],
    [500, 'Reached maximum aggregate value "4" for "limits.cpu" in project "mod"', "QuotaExceeded"],
    [400, "Write /rootfs: disk quota exceeded", "QuotaExceeded"],
    [500, "Failed to begin transaction: context deadline exceeded", "Timeout"],
    [500, "Failed to run: something", "Unavailable"],
  ];
  test.each(cases)("%d %s is %s", (status, message, code) => {
    const error = errorOfAnswer(message, status, { path: "/1.0/x" });
    expect(error.code).toBe(code);
    expect(error.message).toMatch(/^\P{Cc}+\.$/u);
  });
});

describe("sql", () => {
  test("refuses what is no name and what is no SELECT", async () => {
    expect(literal("mod-defense")).toBe("'mod-defense'");
    for (const bad of ["a'b", "a;b", 'a"b', "a\\b", "a b", "x".repeat(300)]) {
      expect(() => literal(bad)).toThrow("not allowed");
    }
    const client = new IncusClient(socketPath);
    for (const query of ["DELETE FROM projects", "SELECT 1; DELETE FROM projects"]) {
      await expect(select(client, query)).rejects.toMatchObject({ code: "Internal" });
    }
  });
});

describe("events", () => {
  test("are read with their project", () => {
    const text = JSON.stringify({
      type: "lifecycle",
      project: "mod",
      timestamp: "2026-11-21T20:00:00.123456789Z",
      location: "node1",
      metadata: {
        action: "instance-started",
        source: "/1.0/instances/web?project=mod",
        requestor: { username: "alice", protocol: "tls", address: "192.0.2.7:4711" },
        context: { name: "web" },
      },
    });
    expect(parseEvent(text)).toEqual({
      action: "instance-started",
      project: "mod",
      source: "/1.0/instances/web",
      time: "2026-11-21T20:00:00.123456789Z",
      location: "node1",
      requestor: { username: "alice", protocol: "tls", address: "192.0.2.7:4711" },
      context: { name: "web" },
    });
    const bare = '{"metadata":{"action":"a","source":"/b","requestor":null,"context":[]}}';
    expect(parseEvent(bare)).toMatchObject({ requestor: undefined, context: {}, time: "" });
    for (const bad of ["", "{", "null", "{}", '{"metadata":null}', '{"metadata":{"action":1}}']) {
      expect(parseEvent(bad)).toBeUndefined();
    }
  });

  test("tell once that they are lost, however often connecting fails", async () => {
    let lost = 0;
    const listener = { event: () => undefined, back: () => undefined, lost: () => void lost++ };
    const timing = { pingMs: 1000, firstRetryMs: 5, lastRetryMs: 10 };
    const events = new IncusEvents(join(directory, "nowhere"), listener, timing);
    events.start();
    await new Promise((resolve) => setTimeout(resolve, 150));
    events.stop();
    expect(lost).toBe(1);
  });
});
