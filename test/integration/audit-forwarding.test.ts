/** Events of a real log reach Elasticsearch and syslog, without people where that is wanted. */
import { mkdtempSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { createForwarding } from "../../agent/audit/forwarding.ts";
import { AuditLog } from "../../agent/audit/log.ts";
import { ReaderClient } from "../../agent/audit/queries/client.ts";
import { having, newest } from "../../agent/audit/recent.ts";
import { LogReader } from "../../agent/audit/segments/reader.ts";
import { readConfig } from "../../agent/config.ts";
import { auditWriter } from "../lib/audit-writer.ts";
import { FakeElasticsearch } from "../lib/fake-elasticsearch.ts";
import { removeTree } from "../lib/remove-tree.js";

const event = { action: "tenants.Change", outcome: "success", actor: "anna", uid: 1000 } as const;

test("each event arrives once at each target, also over a restart", async () => {
  const directory = mkdtempSync(join(tmpdir(), "dsecos-forward-"));
  const server = new FakeElasticsearch();
  let syslogged = "";
  const syslog = createServer((socket) => {
    socket.on("data", (data) => {
      syslogged += data;
    });
  });
  const address = join(directory, "syslog.sock");
  await new Promise<void>((listening) => syslog.listen(address, listening));
  const config = {
    ...readConfig(undefined),
    auditDirectory: directory,
    elasticsearch: {
      url: await server.start(),
      index: "logs-dsecos.audit-default",
      pseudonyms: true,
    },
    syslog: { address: `unix:${address}`, pseudonyms: false },
  };
  const programs = { writer: pathToFileURL(auditWriter()), reader: pathToFileURL(reader()) };
  const live = async (work: (log: AuditLog) => Promise<void>) => {
    const log = new AuditLog(directory, "n1", () => {}, { program: programs.writer });
    await log.open();
    const client = new ReaderClient({
      directory,
      reads: [],
      size: () => log.size,
      log: () => {},
      program: programs.reader,
    });
    const past = new LogReader(directory);
    past.refresh();
    const forwarding = createForwarding({ config, audit: log, reader: client, log: () => {} });
    forwarding.start(having(newest(past, 1000, 1024 * 1024), ['"action":']));
    past.close();
    await work(log);
    await forwarding.stop();
    await client.close();
    await log.close();
    expect(forwarding.alarms()).toEqual([]);
  };
  const acts = () =>
    [...server.documents.values()].filter(
      (document) => (document.event as { action: string }).action === event.action,
    ).length;
  try {
    await live(async (log) => {
      for (let i = 0; i < 20; i++) await log.append({ ...event, object: `first-${i}` });
      await expect.poll(acts, { timeout: 20_000 }).toBe(20);
      await expect.poll(() => syslogged, { timeout: 20_000 }).toContain("first-19");
    });
    const requests = server.requests;
    await live(async (log) => {
      for (let i = 0; i < 5; i++) await log.append({ ...event, object: `second-${i}` });
      await expect.poll(acts, { timeout: 20_000 }).toBe(25);
      await expect.poll(() => syslogged, { timeout: 20_000 }).toContain("second-4");
    });
    // What was sent before the restart was not read again.
    expect(server.requests - requests).toBeLessThan(10);
    expect(syslogged.split("first-3").length - 1).toBeLessThanOrEqual(2);
    expect(server.problems).toEqual([]);
    expect(JSON.stringify([...server.documents.values()])).not.toContain("anna");
    expect(syslogged).toContain("anna");
  } finally {
    await server.stop();
    syslog.close();
    await removeTree(directory);
  }
}, 60_000);

/** The build's own: it is what the agent starts. */
function reader(): string {
  return resolve(import.meta.dirname, "../../dist/agent/audit-reader.js");
}
