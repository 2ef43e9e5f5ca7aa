import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { algorithms } from "../../agent/hsm/algorithms.ts";
import { createHsmBed, eventually, type HsmBed, newId } from "../lib/hsm-driver.ts";
import { compileFaults, type Faults } from "../lib/hsm-faults/faults.ts";

const message = Buffer.from("a letter of the agency");

let faults: Faults;
beforeAll(async () => {
  faults = await compileFaults();
});
afterAll(() => faults?.remove());
afterEach(() => faults.clear());

/** A driver whose module is the fault injector around SoftHSM. */
const faulty = (config: Record<string, unknown> = {}, more = {}) =>
  createHsmBed({
    config: { module: faults.module, ...config },
    environment: faults.environment,
    ...more,
  });

describe("a token that is taken away", () => {
  it("is said to be absent, never to be empty, and is used again when it is back", async () => {
    const bed = await createHsmBed();
    try {
      const { driver } = bed;
      const id = newId();
      await driver.createToken("acme");
      await driver.generateKey("acme", id, "P-384");
      const [directory] = readdirSync(bed.tokens).filter((name) =>
        readFileSync(join(bed.tokens, name, "token.object")).includes("acme"),
      );
      const [here, away] = [join(bed.tokens, directory ?? ""), join(bed.directory, "away")];
      renameSync(here, away);
      for (const ask of [
        () => driver.keys("acme"),
        () => driver.records("acme"),
        () => driver.key("acme", id),
        () => driver.sign("acme", "P-384", { id }, message),
        () => driver.generateKey("acme", newId(), "AES-256"),
        () => driver.writeRecord("acme", "rules", message),
        () => driver.destroyKey("acme", id),
      ]) {
        await expect(ask()).rejects.toMatchObject({ kind: "tokenAbsent" });
      }
      expect((await driver.tokens()).some(({ label }) => label === "acme")).toBe(false);
      renameSync(away, here);
      const keys = await eventually(() => driver.keys("acme"));
      expect(keys.map((key) => key.id)).toEqual([id]);
      expect(await driver.sign("acme", "P-384", { id }, message)).toBeDefined();
      expect(driver.status().restarts).toBe(0);
    } finally {
      await bed.remove();
    }
  });

  it("does not keep another token from being made", async () => {
    const bed = await createHsmBed();
    try {
      await bed.driver.createToken("acme");
      const [directory = ""] = readdirSync(bed.tokens);
      renameSync(join(bed.tokens, directory), join(bed.directory, "away"));
      await bed.driver.createToken("other");
      const key = await bed.driver.generateKey("other", newId(), "P-384");
      expect(key.local).toBe(true);
    } finally {
      await bed.remove();
    }
  });

  it("and put back is not made a second time, though the module did not see it come", async () => {
    const bed = await createHsmBed();
    try {
      const { driver } = bed;
      const id = newId();
      await driver.createToken("acme");
      await driver.generateKey("acme", id, "P-384");
      await driver.sign("acme", "P-384", { id }, message);
      const before = readdirSync(bed.tokens);
      const [directory = ""] = before;
      const [here, away] = [join(bed.tokens, directory), join(bed.directory, "away")];
      renameSync(here, away);
      await expect(driver.keys("acme")).rejects.toMatchObject({ kind: "tokenAbsent" });
      renameSync(away, here);
      await expect(driver.createToken("acme")).rejects.toMatchObject({ kind: "exists" });
      expect(readdirSync(bed.tokens)).toEqual(before);
      expect((await driver.keys("acme")).map((key) => key.id)).toEqual([id]);
    } finally {
      await bed.remove();
    }
  });

  it("and comes back beside another of its label is not used, nor is the other", async () => {
    const bed = await createHsmBed();
    try {
      const { driver } = bed;
      await driver.createToken("acme");
      const [directory = ""] = readdirSync(bed.tokens);
      const away = join(bed.directory, "away");
      renameSync(join(bed.tokens, directory), away);
      await bed.restart();
      await driver.createToken("acme");
      renameSync(away, join(bed.tokens, directory));
      await bed.restart();
      for (const ask of [
        () => driver.keys("acme"),
        () => driver.generateKey("acme", newId(), "P-384"),
        () => driver.resetPin("acme"),
      ]) {
        await expect(ask()).rejects.toMatchObject({ kind: "twoTokens" });
      }
      await expect(driver.createToken("acme")).rejects.toMatchObject({ kind: "exists" });
    } finally {
      await bed.remove();
    }
  });

  it("does not hide an object of its own that is damaged", async () => {
    const bed = await createHsmBed();
    try {
      const { driver } = bed;
      const id = newId();
      await driver.createToken("acme");
      await driver.generateKey("acme", newId(), "AES-256");
      const [directory] = readdirSync(bed.tokens).filter((name) =>
        readFileSync(join(bed.tokens, name, "token.object")).includes("acme"),
      );
      const place = join(bed.tokens, directory ?? "");
      const before = new Set(readdirSync(place));
      await driver.generateKey("acme", id, "AES-256");
      const made = readdirSync(place).find((name) => !before.has(name) && name.endsWith(".object"));
      writeFileSync(join(place, made ?? ""), "");
      await bed.restart();
      await expect(driver.key("acme", id)).rejects.toMatchObject({ kind: "keyMissing" });
      expect(await driver.keys("acme")).toHaveLength(1);
    } finally {
      await bed.remove();
    }
  });
});

describe("a PIN", () => {
  const logins = () => faults.calls().filter((call) => call === "C_Login 0x1");

  it("that is wrong is tried once, also by the next process, until somebody says so", async () => {
    const bed = await faulty();
    try {
      const { driver } = bed;
      await driver.createToken("acme");
      await driver.keys("acme");
      const file = join(bed.directory, "credentials", "hsm-pin");
      const right = readFileSync(file);
      writeFileSync(file, randomBytes(32));
      await bed.restart();
      faults.calls();
      for (let i = 0; i < 5; i++) {
        await expect(driver.keys("acme")).rejects.toMatchObject({ kind: "pinWrong" });
      }
      await bed.restart();
      await expect(driver.keys("acme")).rejects.toMatchObject({ kind: "pinWrong" });
      expect(logins()).toHaveLength(1);
      const shown = (await driver.tokens()).find(({ label }) => label === "acme");
      expect(shown).toMatchObject({ login: "pinWrong" });
      await driver.retryPin("acme");
      await expect(driver.keys("acme")).rejects.toMatchObject({ kind: "pinWrong" });
      expect(logins()).toHaveLength(1);
      writeFileSync(file, right);
      await bed.restart();
      await driver.retryPin("acme");
      expect(await driver.keys("acme")).toEqual([]);
    } finally {
      await bed.remove();
    }
  });

  it("that the token locked is not tried again", async () => {
    const bed = await faulty();
    try {
      await bed.driver.createToken("acme");
      faults.calls();
      faults.set("pin-locked");
      for (let i = 0; i < 3; i++) {
        await expect(bed.driver.keys("acme")).rejects.toMatchObject({ kind: "pinLocked" });
      }
      expect(logins()).toHaveLength(1);
      const shown = (await bed.driver.tokens()).find(({ label }) => label === "acme");
      expect(shown).toMatchObject({ login: "pinLocked" });
      faults.clear();
      await bed.driver.resetPin("acme");
      expect(await bed.driver.keys("acme")).toEqual([]);
    } finally {
      await bed.remove();
    }
  });
});

describe("a token that does other than it was asked", () => {
  let bed: HsmBed;
  beforeAll(async () => {
    bed = await faulty();
    await bed.driver.createToken("acme");
  });
  afterAll(() => bed?.remove());

  it.each(["AES-256", "P-384", "Ed25519", "RSA-3072"] as const)(
    "and makes a key %s that can leave it: the key is destroyed",
    async (algorithm) => {
      faults.set("weak-key");
      const made = bed.driver.generateKey("acme", newId(), algorithm);
      await expect(made).rejects.toMatchObject({ kind: "badKey" });
      await expect(made).rejects.toThrow(/EXTRACTABLE/);
      expect(await bed.driver.keys("acme")).toEqual([]);
    },
  );

  it.each(["AES-256", "P-384", "Ed25519", "RSA-3072"] as const)(
    "and makes a key %s that does more than it is for: the key is destroyed",
    async (algorithm) => {
      faults.set("more-uses");
      const made = bed.driver.generateKey("acme", newId(), algorithm);
      await expect(made).rejects.toMatchObject({ kind: "badKey" });
      await expect(made).rejects.toThrow("CKA_DERIVE is true");
      expect(await bed.driver.keys("acme")).toEqual([]);
    },
  );

  it("and has two keys of one id: none is used, none is destroyed", async () => {
    const id = newId();
    faults.set("double-key");
    await bed.driver.generateKey("acme", id, "P-384");
    for (const ask of [
      () => bed.driver.sign("acme", "P-384", { id }, message),
      () => bed.driver.key("acme", id),
      () => bed.driver.destroyKey("acme", id),
    ]) {
      await expect(ask()).rejects.toMatchObject({ kind: "ambiguous" });
    }
    expect(await bed.driver.keys("acme")).toHaveLength(2);
  });

  it("and has no room: that is said", async () => {
    faults.set("full");
    const made = bed.driver.generateKey("acme", newId(), "AES-256");
    await expect(made).rejects.toMatchObject({ kind: "full", ckr: "CKR_DEVICE_MEMORY" });
  });

  it("and ends its sessions: they are opened again", async () => {
    const id = newId();
    await bed.driver.generateKey("acme", id, "P-384");
    faults.set("once logout");
    expect(await bed.driver.sign("acme", "P-384", { id }, message)).toBeDefined();
    expect(bed.driver.status().restarts).toBe(0);
  });

  it("and forgets who is logged in: that is not taken for a token without keys", async () => {
    const id = newId();
    await bed.driver.generateKey("acme", id, "P-384");
    for (const ask of [
      () => bed.driver.keys("acme"),
      () => bed.driver.key("acme", id),
      () => bed.driver.sign("acme", "P-384", { id }, message),
    ]) {
      const before = (await bed.driver.keys("acme")).length;
      faults.set("once forget-login");
      expect(await ask()).not.toEqual([]);
      expect(await bed.driver.keys("acme")).toHaveLength(before);
    }
  });

  it("and is sick: a ciphertext is not blamed for it", async () => {
    const id = newId();
    await bed.driver.generateKey("acme", id, "AES-256");
    const seal = { id, aad: message };
    const blob = await bed.driver.encrypt("acme", seal, message);
    faults.set("sick");
    const opened = bed.driver.decrypt("acme", seal, blob);
    await expect(opened).rejects.toMatchObject({ kind: "module", ckr: "CKR_GENERAL_ERROR" });
    faults.clear();
    expect(await bed.driver.decrypt("acme", seal, blob)).toEqual(message);
  });
});

describe("a mechanism that is not for a key", () => {
  it("is refused before the token sees it, whatever is asked of whatever key", async () => {
    const bed = await faulty();
    try {
      const { driver } = bed;
      await driver.createToken("acme");
      const made = ["AES-256", "P-384", "Ed25519", "RSA-3072"] as const;
      const ids = Object.fromEntries(made.map((algorithm) => [algorithm, newId()]));
      for (const algorithm of made) {
        await driver.generateKey("acme", ids[algorithm] as string, algorithm);
      }
      faults.calls();
      for (const own of made) {
        const id = ids[own] as string;
        for (const asked of algorithms) {
          if (asked === own && own !== "AES-256") continue;
          const signed = driver.sign("acme", asked, { id }, message);
          await expect(signed).rejects.toMatchObject({ kind: "refused" });
        }
        if (own === "AES-256") continue;
        const seal = { id, aad: message };
        for (const ask of [
          () => driver.encrypt("acme", seal, message),
          () => driver.decrypt("acme", seal, randomBytes(40)),
          () => driver.dataKeys("acme", seal, 1),
        ]) {
          await expect(ask()).rejects.toMatchObject({ kind: "refused" });
        }
      }
      expect(faults.calls().filter((call) => !call.startsWith("C_Login"))).toEqual([]);
      expect(driver.status().restarts).toBe(0);
    } finally {
      await bed.remove();
    }
  });
});
