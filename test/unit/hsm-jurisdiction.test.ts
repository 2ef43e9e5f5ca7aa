import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DsecosError } from "../../agent/bus/errors.ts";
import { acts, decide, type Facts, fitting, table } from "../../agent/hsm/jurisdiction/decide.ts";
import { Guard } from "../../agent/hsm/jurisdiction/guard.ts";
import { rulesKey } from "../../agent/hsm/jurisdiction/rules.ts";
import { IncusClient } from "../../agent/incus/client.ts";

const both = [true, false];
const regions = ["UK", "DE", "AE"];
/** Every set of regions but the empty one. */
const sets = Array.from({ length: 7 }, (_, i) => regions.filter((_, at) => (i + 1) & (1 << at)));

describe("the table", () => {
  test("has exactly one row for every act and every combination of facts", () => {
    const counted = new Map(table.map(({ rule }) => [rule, 0]));
    for (const act of acts)
      for (const atHome of both)
        for (const mayLive of both)
          for (const mayUse of both)
            for (const recipientMay of both) {
              const facts: Facts = { atHome, mayLive, mayUse, recipientMay };
              const rows = fitting(act, facts);
              expect(
                rows.map(({ rule }) => rule),
                JSON.stringify([act, facts]),
              ).toHaveLength(1);
              const rule = rows[0]?.rule ?? "";
              counted.set(rule, (counted.get(rule) ?? 0) + 1);
            }
    // No row that nothing fits, which would be a rule that somebody believes in.
    expect([...counted].filter(([, count]) => count === 0)).toEqual([]);
    expect([...counted.values()].reduce((a, b) => a + b)).toBe(acts.length * 16);
  });

  test("allows exactly what the rules name, over all rules and places", () => {
    let questions = 0;
    for (const act of acts)
      for (const live of sets)
        for (const use of sets)
          for (const tokenRegion of regions)
            for (const keyRegion of regions)
              for (const nodeRegion of regions)
                for (const recipientRegion of regions) {
                  const rules = { live, use };
                  const places = { tokenRegion, keyRegion, nodeRegion, recipientRegion };
                  const { allowed, sentence } = decide({ act, rules, ...places });
                  const lives = live.includes(tokenRegion);
                  const works = lives && tokenRegion === keyRegion && use.includes(nodeRegion);
                  const wanted = {
                    create: lives,
                    use: works,
                    transfer: works && use.includes(recipientRegion),
                  }[act];
                  expect(allowed, JSON.stringify([act, rules, places])).toBe(wanted);
                  expect(sentence).toMatch(/\.$/);
                  questions += 1;
                }
    expect(questions).toBe(3 * 7 * 7 * 81);
  });

  test("takes no region for part of another", () => {
    const rules = { live: ["EU"], use: ["EU"] };
    const places = { tokenRegion: "DE", keyRegion: "DE", nodeRegion: "DE" };
    expect(decide({ act: "use", rules, ...places })).toMatchObject({
      allowed: false,
      rule: "use.livesOutside",
    });
  });
});

/** Incus as far as the rules need it; the client and its socket are real. */
describe("rules of a tenant", () => {
  let directory: string;
  let server: Server;
  let incus: IncusClient;
  let config: Record<string, string>;
  let asked: number;
  let isDown: boolean;
  let clock: number;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "dsecos-rules-"));
    config = { "user.dsecos.tenant": "{}" };
    asked = 0;
    isDown = false;
    clock = 0;
    server = createServer(async (request, response) => {
      asked += 1;
      if (isDown) {
        response.writeHead(503);
        response.end(JSON.stringify({ type: "error", error: "down", error_code: 503 }));
        return;
      }
      if (request.method === "PUT") {
        let text = "";
        for await (const chunk of request) text += chunk;
        config = JSON.parse(text).config;
      }
      const metadata = { description: "", config };
      response.writeHead(200, { ETag: "e" });
      response.end(JSON.stringify({ type: "sync", metadata }));
    });
    const socket = join(directory, "incus.socket");
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    incus = new IncusClient(socket);
  });
  afterEach(() => {
    incus.close();
    server.close();
    rmSync(directory, { recursive: true });
  });

  function guard(region = "UK"): Guard {
    const jurisdiction = async (tenant: string) => {
      if (tenant === "mod-defense") return "UK";
      throw new DsecosError("NotFound", `There is no tenant ${tenant}.`);
    };
    return new Guard({ incus, region, jurisdiction, now: () => clock });
  }

  test("are its own jurisdiction, for both, while nobody set any", async () => {
    const own = guard();
    expect(await own.decide("mod-defense", { act: "create", token: "UK" })).toMatchObject({
      allowed: true,
    });
    const abroad = own.require("mod-defense", { act: "create", token: "AE" });
    await expect(abroad).rejects.toMatchObject({
      code: "Denied",
      message: expect.stringMatching(/live in UK alone, and this token is in AE.*create\.outside/),
    });
    const elsewhere = guard("DE").require("mod-defense", { act: "use", token: "UK" });
    await expect(elsewhere).rejects.toThrow(/used in UK alone, and this node is in DE/);
  });

  test("are kept in the tenant's project beside what else is there, and hold at once", async () => {
    const own = guard("DE");
    await own.set("mod-defense", { live: ["UK"], use: ["UK", "DE"] }, "olga");
    expect(config["user.dsecos.tenant"]).toBe("{}");
    expect(JSON.parse(config[rulesKey] ?? "")).toMatchObject({ live: ["UK"], setBy: "olga" });
    await own.require("mod-defense", { act: "use", token: "UK" });
    await guard("DE").require("mod-defense", { act: "use", token: "UK" });
  });

  test("no longer follow the tenant's record once they are pinned", async () => {
    let record = "UK";
    const own = new Guard({ incus, region: "UK", jurisdiction: async () => record });
    expect(await own.pin("mod-defense")).toEqual({ live: ["UK"], use: ["UK"] });
    expect(JSON.parse(config[rulesKey] ?? "")).toMatchObject({ live: ["UK"], setBy: "agent" });
    record = "AE";
    const made = own.require("mod-defense", { act: "create", token: "AE" });
    await expect(made).rejects.toThrow(/live in UK alone/);
    expect(await own.pin("mod-defense")).toBeUndefined();
    expect(JSON.parse(config[rulesKey] ?? "")).toMatchObject({ live: ["UK"] });
  });

  test("are read again soon, since another node may have changed them", async () => {
    const own = guard();
    for (let i = 0; i < 10; i++) await own.decide("mod-defense", { act: "use", token: "UK" });
    expect(asked).toBe(1);
    await guard().set("mod-defense", { live: ["DE"], use: ["DE"] }, "olga");
    clock += 2_000;
    expect(await own.decide("mod-defense", { act: "use", token: "UK" })).toMatchObject({
      rule: "use.livesOutside",
    });
  });

  test("hold for a while when Incus is away, and nothing is allowed after that", async () => {
    const own = guard();
    await own.require("mod-defense", { act: "use", token: "UK" });
    isDown = true;
    clock = 299_000;
    await own.require("mod-defense", { act: "use", token: "UK" });
    clock = 301_000;
    const late = own.require("mod-defense", { act: "use", token: "UK" });
    await expect(late).rejects.toMatchObject({ code: "Unavailable" });
    const other = guard().require("mod-defense", { act: "use", token: "UK" });
    await expect(other).rejects.toMatchObject({ code: "Unavailable" });
  });

  test.each(["{", '{"version":1,"live":[],"use":["UK"]}', '{"version":2}'])(
    "that cannot be read allow nothing, and can be set again: %s",
    async (text) => {
      config[rulesKey] = text;
      const own = guard();
      const used = own.require("mod-defense", { act: "use", token: "UK" });
      await expect(used).rejects.toMatchObject({ code: "Conflict" });
      const before = await own.fingerprint("mod-defense");
      await own.set("mod-defense", { live: ["UK"], use: ["UK"] }, "olga");
      expect(await own.fingerprint("mod-defense")).not.toBe(before);
      await own.require("mod-defense", { act: "use", token: "UK" });
    },
  );
});
