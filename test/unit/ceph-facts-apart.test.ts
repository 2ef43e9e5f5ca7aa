/** Questions that take long: pages are answered beside them, and who waits too long is told. */
import { afterEach, expect, test } from "vitest";
import { ApartFacts } from "../../agent/ceph/facts/apart.ts";
import { FactKeeper } from "../../agent/ceph/facts/keeper.ts";
import type { Ceph } from "../../agent/ceph/link/types.ts";

/** Answers with the name of what it is asked, and never to a prediction. */
const program = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort } from "node:worker_threads";
    parentPort.on("message", ({ request }) => {
      if (request === undefined) return;
      if (request.question === "predict") for (;;);
      parentPort.postMessage({ id: request.id, answer: request.question });
    });`)}`,
);

/** What the cluster was asked, in that order. */
const asked: string[] = [];
const link = {
  status: () => ({ state: "ready", reason: "" }),
  async text(_to: string, prefix: string) {
    asked.push(prefix);
    return new TextEncoder().encode("{}");
  },
} as unknown as Ceph;
const parts = { link, log: () => {}, program };
const endless = { change: { what: "out", osd: 0 }, jurisdictions: { none: "" } } as const;
let open: { close(): Promise<void> }[] = [];

function opened(mostMs: number) {
  const [facts, apart] = [new FactKeeper(parts), new ApartFacts({ ...parts, mostMs })];
  open = [apart, facts];
  asked.length = 0;
  return { facts, apart };
}

afterEach(async () => {
  for (const one of open) await one.close();
});

test("a page is answered while a prediction is computed, and another one waits for it", async () => {
  const { facts, apart } = opened(60_000);
  const both = [apart.ask("predict", endless), apart.ask("predict", endless)];
  for (const one of both) one.catch(() => {});
  expect(await facts.ask("health", undefined)).toBe("health");
  // The page does not ask for it.
  expect(asked.filter((prefix) => prefix === "df")).toHaveLength(1);
  await apart.close();
  for (const one of both) await expect(one).rejects.toMatchObject({ code: "Unavailable" });
});

test("what takes too long is given up, and told", async () => {
  const { apart } = opened(500);
  const late = { code: "Timeout", message: expect.stringMatching(/within 0.5 s.*ask again/) };
  await expect(apart.ask("predict", endless)).rejects.toMatchObject(late);
});
