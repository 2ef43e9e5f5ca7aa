import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Publisher } from "../../agent/audit/witness/publish.ts";
import { TreeLog } from "../lib/tree-log.ts";

/** What Incus was asked, by a fake of it; the real one is in the integration tier. */
let asked: string[];
let failure: Error | undefined;
let said: number;
let seal: () => void;
let log: TreeLog;
let publisher: Publisher;

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  failure = undefined;
  said = 0;
  log = new TreeLog("dsecos.org/audit/test/00000001").append(1);
  publisher = new Publisher({
    client: {
      get: async () => ({ environment: { server_clustered: false, server_name: "" } }) as never,
      send: async (method, path, body) => {
        if (failure !== undefined) throw failure;
        asked.push(`${method} ${path} ${JSON.stringify(body).includes(log.origin)}`);
        return {} as never;
      },
    },
    sealing: {
      onSealed(listener) {
        seal = () => listener(log.append(5).checkpoint());
        return () => {
          seal = () => undefined;
        };
      },
    },
    newest: () => log.checkpoint(),
    log: () => {
      said += 1;
    },
  });
  publisher.start();
});

afterEach(async () => {
  await publisher.stop();
  vi.useRealTimers();
});

const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);

test("the newest checkpoint is published at once, then once a minute at most", async () => {
  seal();
  await pass(0);
  expect(asked).toEqual(["PATCH /1.0 true"]);
  for (let second = 0; second < 59; second++) {
    seal();
    await pass(1);
  }
  expect(asked).toHaveLength(1);
  await pass(1);
  expect(asked).toHaveLength(2);
  await pass(600);
  expect(asked).toHaveLength(2);
});

test("a failure is told once, waits its minute, and is over when it works again", async () => {
  failure = new Error("Incus is not running");
  for (let minute = 0; minute < 3; minute++) {
    seal();
    await pass(60);
  }
  expect(said).toBe(1);
  failure = undefined;
  seal();
  await pass(60);
  expect(asked).toHaveLength(1);
  failure = new Error("Incus is not running");
  seal();
  await pass(60);
  expect(said).toBe(2);
});

test("what waits is given up when the agent stops", async () => {
  seal();
  await pass(0);
  seal();
  await publisher.stop();
  await pass(120);
  expect(asked).toHaveLength(1);
});
