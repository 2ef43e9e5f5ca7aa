/** The checkpoint in a real Incus: of one server, and of a member of a cluster. */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkpointKey, Publisher } from "../../agent/audit/witness/publish.ts";
import { IncusClient } from "../../agent/incus/client.ts";
import { freePort } from "../../packaging/setup/lib/ports.js";
import { createStack } from "../../packaging/setup/stack.js";
import { TreeLog } from "../lib/tree-log.ts";
import { missing } from "./incus-lib.ts";

interface Held {
  config: Record<string, string>;
}

describe.skipIf(missing !== "")(`publishing to Incus${missing && `: skipped, ${missing}`}`, () => {
  const stateDirectory = mkdtempSync("/var/tmp/dsecos-publish-");
  const stack = createStack({ mode: "private", stateDirectory, components: ["incus"], poolGiB: 2 });
  let client: IncusClient;
  const log = new TreeLog("dsecos.org/audit/test/00000001").append(3);
  let clock = Date.now();
  const journal: string[] = [];

  const publisher = () =>
    new Publisher({
      client,
      sealing: { onSealed: () => () => undefined },
      newest: () => log.checkpoint(),
      log: (level, message) => journal.push(`${level}: ${message}`),
      now: () => clock,
    });

  beforeAll(async () => {
    await stack.start();
    client = new IncusClient(join(stack.context.incusDirectory, "unix.socket"));
  }, 120_000);

  afterAll(async () => {
    client.close();
    await stack.stop();
    rmSync(stateDirectory, { recursive: true, force: true });
  });

  const held = async (path: string) => (await client.get<Held>(path)).config;

  test("one server keeps its other keys; an echo of Incus alone publishes nothing", async () => {
    await client.send("PATCH", "/1.0", { config: { "user.other": "kept" } });
    const one = publisher();
    await one.publish();
    const first = log.checkpoint();
    expect(await held("/1.0")).toMatchObject({ [checkpointKey]: first, "user.other": "kept" });
    log.append(1);
    clock += 60_000;
    await one.publish();
    expect(await held("/1.0")).toMatchObject({ [checkpointKey]: first });
    log.append(1);
    await one.publish();
    expect(await held("/1.0")).toMatchObject({ [checkpointKey]: log.checkpoint() });
    expect(journal).toEqual([]);
  });

  test("a member of a cluster keeps its roles, groups and other keys", async () => {
    const port = await freePort();
    await client.send("PATCH", "/1.0", { config: { "core.https_address": `127.0.0.1:${port}` } });
    const cluster = { server_name: "node1", enabled: true };
    const { operation } = await client.send("PUT", "/1.0/cluster", cluster);
    await client.get(`${operation}/wait`, { timeoutMs: 60_000 });
    const path = "/1.0/cluster/members/node1";
    const before = await client.get<Held & Record<string, unknown>>(path);
    const { roles, groups, failure_domain, description } = before;
    const config = { "user.other": "kept" };
    await client.send("PATCH", path, { roles, groups, failure_domain, description, config });
    log.append(2);
    const one = publisher();
    await one.publish();
    expect(journal).toEqual([]);
    const after = await client.get<Held>(path);
    const both = { ...config, [checkpointKey]: log.checkpoint() };
    expect(after).toMatchObject({ roles, groups, failure_domain, config: both });
  });

  test("without Incus it says so once, and tries again", async () => {
    await stack.component("incus").stop();
    const one = publisher();
    await one.publish();
    clock += 60_000;
    log.append(5);
    await one.publish();
    expect(journal).toEqual(["warning: the checkpoint was not published to the other nodes"]);
  });
});
