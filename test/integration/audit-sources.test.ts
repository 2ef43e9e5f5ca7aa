/** What others do on the node comes into the agent's own log: Incus's objects, and auditd's events. */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { AuditEntry } from "../../agent/audit/contract.ts";
import { backwards } from "../../agent/audit/recent.ts";
import { LogReader } from "../../agent/audit/segments/reader.ts";
import { incusApi } from "../../packaging/setup/lib/incus-api.js";
import { FakeAuditd, fileEvent, loginEvent } from "../lib/auditd-fake.ts";

const state = process.env.DSECOS_TEST_STATE ?? "";
const socket = process.env.DSECOS_TEST_INCUS ?? "";
const name = `sources-${process.pid}`;
const patience = { timeout: 20_000, interval: 100 };

function entries(): AuditEntry[] {
  const reader = new LogReader(join(state, "audit"));
  try {
    reader.refresh();
    return [...backwards(reader, reader.size)].reverse();
  } finally {
    reader.close();
  }
}

describe.skipIf(state === "")("sources", () => {
  const api = incusApi(socket);
  afterAll(async () => {
    await api.request("DELETE", `/1.0/projects/${name}`);
  });

  test("what somebody does with Incus itself is on record, with who asked for it", async () => {
    await api.request("POST", "/1.0/projects", {
      body: { name, config: { "features.images": "false", "features.profiles": "false" } },
    });
    const instance = { name: "direct", source: { type: "none" } };
    const path = `/1.0/instances?project=${name}`;
    await api.request("POST", path, { body: instance });
    await api.request("DELETE", `/1.0/instances/direct?project=${name}`);
    const wanted = ["incus.project-created", "incus.instance-created", "incus.instance-deleted"];
    await vi.waitFor(() => {
      const found = entries().filter(({ source, tenant }) => source === "incus" && tenant === name);
      expect(found.map(({ action }) => action)).toEqual(expect.arrayContaining(wanted));
      const made = found.find(({ action }) => action === "incus.instance-created");
      expect(made).toMatchObject({
        actor: "root",
        uid: 0,
        outcome: "success",
        object: "/1.0/instances/direct",
        details: { protocol: "unix" },
      });
    }, patience);
  });

  describe("auditd", () => {
    let daemon: FakeAuditd;
    beforeAll(async () => {
      const config = JSON.parse(readFileSync(join(state, "agent.json"), "utf8"));
      const directory = join(state, "auditd");
      mkdirSync(directory, { recursive: true });
      daemon = new FakeAuditd({ directory, drops: (count) => count % 7 === 3 });
      expect(daemon.logFile).toBe(config.auditdLog);
      await daemon.listen(config.auditdSocket);
      await vi.waitFor(() => expect(daemon.hasClient).toBe(true), patience);
    }, 30_000);
    afterAll(() => daemon?.close());

    test("2,000 events of which the plugin loses records are on record, each of them once", async () => {
      const now = Date.now();
      daemon.write(loginEvent(1, now));
      daemon.write(loginEvent(2, now));
      for (let serial = 3; serial < 2_000; serial++) daemon.write(fileEvent(serial, now));
      daemon.write(loginEvent(2_000, now));
      daemon.write(loginEvent(2_001, now));
      await vi.waitFor(() => {
        const found = entries().filter(({ source }) => source === "auditd");
        const serials = found.flatMap(({ details }) => details?.serial ?? []);
        expect(new Set(serials).size).toBe(2_001);
        expect(serials).toHaveLength(2_001);
        expect(found.filter(({ action }) => action === "auditd.Gap")).toEqual([]);
      }, patience);
    }, 30_000);
  });
});
