/**
 * A page of 1,000 tokens as the agent answers it, SoftHSM's tokens included: the first one, for which
 * the driver asks every slot, and one that follows within the time that this is kept. Beside the
 * first stands what the driver alone takes.
 */
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { createCore } from "../../../agent/hsm/core.ts";
import { tokenFilterSchema } from "../../../agent/hsm/tokens/answers.ts";
import type { Declarations, DeclaredToken } from "../../../agent/hsm/tokens/declared.ts";
import { createTokens } from "../../../agent/hsm/tokens/service.ts";
import { createHsmBed, type HsmBed } from "../../lib/hsm-driver.ts";
import { multiplyTokens } from "../../lib/hsm-many-tokens.ts";
import { atMost, median, type Result } from "../case.ts";

const count = 1000;
const rounds = 7;
const mostMs = 500;
const filter = v.parse(tokenFilterSchema, { limit: count });

export async function run(): Promise<Result[]> {
  const bed = await createHsmBed();
  try {
    const labels = await multiplyTokens(bed, count);
    const { list, forget } = await agentOver(bed, labels);
    const first: number[] = [];
    const cached: number[] = [];
    const driver: number[] = [];
    for (let round = 0; round < rounds; round++) {
      forget();
      first.push(await timed(list));
      cached.push(await timed(list));
      driver.push(await timed(() => bed.driver.tokens()));
    }
    return [
      atMost("hsm-tokens-first", "ms", median(first), median(driver), mostMs),
      atMost("hsm-tokens-cached", "ms", median(cached), median(driver), mostMs),
    ];
  } finally {
    await bed.remove();
  }
}

async function agentOver(bed: HsmBed, labels: readonly string[]) {
  const directory = join(bed.directory, "hsm.d");
  mkdirSync(directory);
  cpSync(bed.configFile, join(directory, "test.json"));
  const core = createCore({
    ...{ directory, sockets: directory, node: "node1", region: "UK" },
    log: () => {},
    open: () => bed.driver,
    client: declared(labels),
    changed: () => {},
  });
  await core.drivers.load();
  const { list } = createTokens({
    ...{ drivers: core.drivers, book: core.book, declarations: core.declarations, node: "node1" },
    keysOf: () => undefined,
    alarmsOf: () => [],
    tenant: async () => {},
    living: async () => [],
    settled: () => {},
    changed: () => {},
  });
  return {
    // As it goes on the bus.
    list: async () => JSON.stringify(await list(filter)).length,
    forget: () => core.book.forgetInfos(),
  };
}

/** What Incus keeps, without Incus. */
function declared(labels: readonly string[]): Declarations {
  const token = (label: string): DeclaredToken => ({
    ...{ driver: "test", label, region: "UK", serial: "", node: "node1" },
    ...{ createdAt: "2026-01-01T00:00:00.000Z", createdBy: "officer" },
  });
  const book = new Map(labels.map((label) => [label, [token(label)]]));
  return { all: async () => book, change: async () => {}, stale: () => {} };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
