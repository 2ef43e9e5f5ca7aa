/** Copies of the log in a real S3 store with object lock. */
import { hash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openContent } from "../../agent/audit/offload/content.ts";
import { S3Target } from "../../agent/audit/offload/s3.ts";
import { Offload } from "../../agent/audit/offload/service.ts";
import { amzDate, authorize, encode } from "../../agent/audit/offload/sigv4.ts";
import type { S3Config } from "../../agent/audit/offload/types.ts";
import { type Gateway, noGateway, startGateway } from "../lib/rados-gateway.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";
import { TreeLog } from "../lib/tree-log.ts";

const reason = noGateway && `: skipped, ${noGateway}`;
const origin = "dsecos.org/audit/test/00000001";
const segment = "log/00000000000000000000.segz";
const day = 24 * 60 * 60_000;

describe.skipIf(noGateway !== "")(`an S3 store with object lock${reason}`, () => {
  const directory = mkdtempSync(join(tmpdir(), "dsecos-offload-"));
  const signal = new AbortController().signal;
  let gateway: Gateway;
  let audit: RecordingAudit;

  beforeAll(async () => {
    gateway = await startGateway();
    writeFileSync(join(directory, "ak"), `${gateway.accessKey}\n`, { mode: 0o600 });
    writeFileSync(join(directory, "sk"), `${gateway.secretKey}\n`, { mode: 0o600 });
    const lock = { "x-amz-bucket-object-lock-enabled": "true" };
    expect((await ask("PUT", "/locked", [], lock)).status).toBe(200);
    expect((await ask("PUT", "/plain")).status).toBe(200);
    const log = new TreeLog(origin).append(300);
    mkdirSync(join(directory, "audit/log"), { recursive: true });
    writeFileSync(join(directory, "audit/log.json"), JSON.stringify({ keys: [], origin }));
    writeFileSync(join(directory, "audit", segment), "closed segment ".repeat(100_000));
    writeFileSync(join(directory, "audit/checkpoint"), log.checkpoint());
  }, 120_000);

  afterAll(async () => {
    await gateway.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const config = (bucket = "locked"): S3Config => ({
    endpoint: gateway.endpoint,
    bucket,
    region: "us-east-1",
    accessKeyFile: join(directory, "ak"),
    secretKeyFile: join(directory, "sk"),
    retentionDays: 2,
  });

  /** The test's own request, as an attacker with the keys would make it. */
  function ask(
    method: string,
    path: string,
    query: [string, string][] = [],
    more: Record<string, string> = {},
    body = "",
  ): Promise<Response> {
    const payload = hash("sha256", body, "hex");
    const { host } = new URL(gateway.endpoint);
    const time = { "x-amz-date": amzDate(new Date()), "x-amz-content-sha256": payload };
    const headers = { host, ...time, ...more };
    const scope = { region: "us-east-1", service: "s3" };
    const authorization = authorize({ method, path, query, headers, payload }, scope, gateway);
    const search = query.map(([name, value]) => `${encode(name)}=${encode(value)}`).join("&");
    return fetch(`${gateway.endpoint}${path}?${search}`, {
      method,
      headers: { ...headers, authorization },
      ...(body === "" ? {} : { body }),
    });
  }

  async function round(bucket = "locked") {
    audit = new RecordingAudit();
    let waiting = () => {};
    const first = new Promise<void>((resolve) => {
      waiting = resolve;
    });
    const offload = new Offload({
      config: { s3: config(bucket) },
      directory: join(directory, "audit"),
      audit,
      log: () => undefined,
      wait: (_ms, stop) =>
        new Promise((_, reject) => {
          waiting();
          stop.onabort = () => reject(new Error("stopped"));
        }),
    });
    offload.start();
    await first;
    const status = offload.status();
    await offload.stop();
    return status;
  }

  const path = `/locked/${origin}/${segment}`;

  test("the log is copied, and held for so many days whoever asks", async () => {
    expect(await round()).toMatchObject({ state: "ok", files: 3, alarms: [] });
    expect(audit.entries.map(({ action }) => action)).toEqual(["audit.Offloaded"]);
    const there = await ask("HEAD", path);
    expect(there.status).toBe(200);
    expect(there.headers.get("x-amz-object-lock-mode")).toBe("COMPLIANCE");
    const until = Date.parse(there.headers.get("x-amz-object-lock-retain-until-date") ?? "");
    expect(Math.abs(until - Date.now() - 2 * day)).toBeLessThan(60 * 60_000);
    const text = await (await ask("GET", path)).text();
    expect(text).toBe("closed segment ".repeat(100_000));
    const version: [string, string][] = [
      ["versionId", there.headers.get("x-amz-version-id") ?? ""],
    ];
    expect((await ask("DELETE", path, version)).status).toBe(403);
    const bypass = { "x-amz-bypass-governance-retention": "true" };
    expect((await ask("DELETE", path, version, bypass)).status).toBe(403);
  });

  test("after a restart it is found there, and nothing is told", async () => {
    expect(await round()).toMatchObject({ state: "ok", files: 3 });
    expect(audit.entries).toEqual([]);
  });

  test("names of any kind, and an empty file, are stored", async () => {
    writeFileSync(join(directory, "empty"), "");
    const target = new S3Target(config(), { wait: async () => undefined });
    const content = await openContent(join(directory, "empty"));
    for (const key of ["a b+c/ü&=?#%41.x", "empty", "~!'()*"]) {
      expect(await target.store(key, content, signal)).toBe("stored");
      expect(await target.store(key, content, signal)).toBe("there");
    }
    await content.close();
    target.close();
  });

  test("a bucket without a lock, without name and a wrong secret are told in a sentence", async () => {
    expect((await round("plain")).text).toContain("make the bucket with object lock");
    expect((await round("nowhere")).text).toContain("there is no such bucket");
    writeFileSync(join(directory, "sk"), "wrong\n");
    expect((await round()).text).toContain("access is denied");
    writeFileSync(join(directory, "sk"), `${gateway.secretKey}\n`);
  });

  test("a newer version that somebody with the keys put over a copy is an alarm", async () => {
    const forged = {
      "x-amz-meta-sha256": (await ask("HEAD", path)).headers.get("x-amz-meta-sha256") ?? "",
    };
    expect((await ask("PUT", path, [], forged, "forged")).status).toBe(200);
    const status = await round();
    expect(status).toMatchObject({ state: "alarm", alarms: [{ kind: "offload.differs" }] });
    expect(audit.entries.map(({ action }) => action)).toEqual(["audit.OffloadAlarm"]);
    const versions = await (await ask("GET", "/locked", [["versions", ""]])).text();
    // What was copied first is still there, under its lock.
    expect(versions.split(`<Key>${origin}/${segment}</Key>`)).toHaveLength(3);
  });
});
