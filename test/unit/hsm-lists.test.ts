/** Driver files, tokens and keys as lists: whatever is wrong stays in them, with what to do. */
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as v from "valibot";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Call } from "../../agent/bus/call.ts";
import { createCore } from "../../agent/hsm/core.ts";
import { DriverError } from "../../agent/hsm/driver/types.ts";
import { assuranceOf } from "../../agent/hsm/drivers/assurance.ts";
import { readSealing, sealing } from "../../agent/hsm/drivers/credential.ts";
import { Drivers } from "../../agent/hsm/drivers/drivers.ts";
import { createDriverAnswers } from "../../agent/hsm/drivers/service.ts";
import { explainDriver } from "../../agent/hsm/errors.ts";
import { keyFilterSchema } from "../../agent/hsm/keys/answers.ts";
import { keyPage } from "../../agent/hsm/keys/rows.ts";
import { labelOf } from "../../agent/hsm/tokens/label.ts";
import { tokenRows } from "../../agent/hsm/tokens/rows.ts";
import { FakeDriver, FakeTokens } from "../lib/fake-hsm-driver.ts";
import { type CoreBed, coreBed, driverFile, withKey, withToken } from "../lib/hsm-core.ts";
import { keyRecord } from "../lib/hsm-records.ts";
import { removeTree } from "../lib/remove-tree.js";

const rows = (bed: CoreBed, node = "node1") =>
  tokenRows({
    ...{ drivers: bed.core.drivers, book: bed.core.book, node },
    keysOf: () => undefined,
    alarmsOf: () => [],
  });

describe("driver files", () => {
  test("that are wrong are told with the key that is, and the others go on", async () => {
    const bed = await coreBed({
      files: {
        fake: driverFile,
        broken: "{",
        mistyped: { ...driverFile, region: "uk" },
        secret: { ...driverFile, pin: "1234" },
        "Bad name": driverFile,
      },
    });
    const problems = bed.core.drivers.files.map(({ name, problem = "" }) => `${name}: ${problem}`);
    expect(problems).toEqual([
      expect.stringMatching(/^Bad name: A driver's name has .* Rename the file\.$/),
      expect.stringMatching(/^broken: It is not JSON/),
      "fake: ",
      expect.stringMatching(/^mistyped: Its key region is wrong: A region has two capital letters/),
      expect.stringMatching(/^secret: Its key pin is wrong/),
    ]);
    expect(bed.core.drivers.all().map(({ name }) => name)).toEqual(["fake"]);
  });

  test("are read before anybody hears that a tenant has no token", async () => {
    const directory = mkdtempSync(join(tmpdir(), "dsecos-hsm-files-"));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    writeFileSync(join(directory, "fake.json"), JSON.stringify(driverFile));
    const bed = await coreBed();
    await withToken(bed, "defense");
    const next = createCore({
      ...{ log: () => {}, directory, sockets: directory, node: "node1", region: "UK" },
      ...{ client: bed.declarations, changed: () => {} },
      open: () => new FakeDriver(new FakeTokens()).driver,
    });
    onTestFinished(() => next.drivers.close());
    expect((await next.book.every()).map(({ id }) => id)).toEqual(["fake/defense"]);
  });

  test("that come, change and go are noticed by themselves, and told at once", async () => {
    const directory = join(mkdtempSync(join(tmpdir(), "dsecos-hsm-files-")), "hsm.d");
    onTestFinished(() => rmSync(dirname(directory), { recursive: true }));
    let told = () => {};
    const drivers = new Drivers({
      ...{ directory, sockets: directory, log: () => {} },
      open: () => new FakeDriver(new FakeTokens()).driver,
      changed: () => told(),
    });
    onTestFinished(() => drivers.close());
    const log = () => {};
    const { handlers } = createDriverAnswers({ drivers, directory, log });
    const names = async () => {
      const { rows } = await handlers.GetDrivers({} as Call);
      return rows.map(({ name, state }) => `${name} ${state}`);
    };
    const change = async (act: () => void) => {
      const noticed = new Promise<void>((resolve) => {
        told = resolve;
      });
      act();
      await noticed;
      return names();
    };
    expect(await names()).toEqual([]);
    mkdirSync(directory);
    // Without a directory there is nothing to be watched: the next who asks begins it.
    await drivers.load();
    const file = (name: string) => join(directory, `${name}.json`);
    const write = (name: string, text: string) => () => writeFileSync(file(name), text);
    const right = JSON.stringify(driverFile);
    expect(await change(write("fake", right))).toEqual(["fake ready"]);
    expect(await change(write("fake", "{"))).toEqual(["fake badFile"]);
    expect(await change(write("fake", right))).toEqual(["fake ready"]);
    expect(await change(() => rmSync(directory, { recursive: true }))).toEqual([]);
  });
});

describe("assurance", () => {
  const fips = {
    certificate: "4703",
    level: 3,
    standard: "FIPS 140-3",
    enteredBy: "officer",
  } as const;

  test("is never more than software for software, whatever the file says", () => {
    expect(assuranceOf([{ hardware: false }], fips)).toMatchObject({
      kind: "software",
      validated: "no",
      words: expect.stringMatching(/^Software token: .* does not cover a software token\.$/),
    });
    expect(assuranceOf([{ hardware: true }, { hardware: false }], fips).kind).toBe("software");
  });

  test("is the operator's word for hardware, and unknown where nobody answers", () => {
    expect(assuranceOf([{ hardware: true }], fips)).toMatchObject({
      validated: "claimed",
      words: expect.stringMatching(/as entered by officer; DsecOS did not check this/),
    });
    expect(assuranceOf([{ hardware: true }], undefined).validated).toBe("no");
    expect(assuranceOf([], fips)).toMatchObject({ kind: "unknown", validated: "no" });
  });
});

describe("a credential", () => {
  // First bytes of what systemd-creds writes with --with-key=…
  test.each([
    ["host", "Whxqht+dQJax1aZeCGLxmg==", "host"],
    ["tpm2", "DHzAexF2RZGcSwvqCLwg/g==", "tpm"],
    ["host+tpm2", "k6iUCUh0RJCQyvL8k8q1Uw==", "tpmAndHost"],
    ["tpm2-absent", "BYRp2vb1QySABUnaD46i+w==", "none"],
  ])("that was encrypted with %s is told as such", (_key, begin, seal) => {
    const id = Buffer.from(begin, "base64").subarray(0, 16);
    const file = Buffer.concat([id, randomBytes(200)]).toString("base64");
    expect(sealing(file.replace(/.{69}/g, "$&\n")).seal).toBe(seal);
  });

  test.each([
    ["a plain file that the driver was started with", "file", "", "none", /plain file: .* Seal it/],
    ["a plain file of systemd", "credential", "plain", "none", /credstore\/hsm-x: .* Seal it/],
    ["somewhere else", "credential", "", "unknown", /from somewhere else than .*encrypted/],
    ["nowhere", "none", "", "unknown", /There is no .*encrypted\/hsm-x; make it/],
    ["a sealed one", "credential", "sealed", "host", /who copies the disk/],
    ["a sealed one, which the driver has not", "none", "sealed", "host", /who copies the disk/],
    ["a plain file although there is a sealed one", "file", "sealed", "none", /plain file: /],
  ] as const)("is told from where it is: %s", async (_what, source, file, seal, words) => {
    const place = mkdtempSync(join(tmpdir(), "dsecos-credentials-"));
    onTestFinished(() => removeTree(place));
    const stores = {
      sealed: [join(place, "credstore.encrypted")],
      plain: [join(place, "credstore")],
    };
    for (const directory of [...stores.sealed, ...stores.plain]) mkdirSync(directory);
    const host = Buffer.concat([Buffer.from("Whxqht+dQJax1aZeCGLxmg==", "base64"), randomBytes(9)]);
    const [directory] = file === "" ? [] : stores[file];
    if (directory) writeFileSync(join(directory, "hsm-x"), host.toString("base64"));
    const found = await readSealing(stores, "hsm-x", source);
    expect(found.seal).toBe(seal);
    expect(found.words).toMatch(words);
  });

  test("that is none is unknown, and so never taken for sealed", () => {
    expect(sealing("a PIN in the clear").seal).toBe("unknown");
    expect(sealing("").seal).toBe("unknown");
  });
});

describe("the list of tokens", () => {
  test("has a token of another tenant's name whole, and a long name's by its digest", async () => {
    expect(labelOf("defense")).toBe("defense");
    const long = "ministry-of-very-long-names-indeed-yes";
    expect(labelOf(long)).toMatch(/^ministry-of-very-long-n~[0-9a-f]{8}$/);
    expect(labelOf(`${long}x`)).not.toBe(labelOf(long));
  });

  test("tells each state with what to do", async () => {
    const bed = await coreBed();
    for (const tenant of ["ready", "wrong", "locked", "gone"]) await withToken(bed, tenant);
    const inside = (label: string) => bed.tokens.tokens.get(label) ?? Promise.reject(label);
    (await inside("wrong")).login = "pinWrong";
    (await inside("locked")).login = "pinLocked";
    bed.tokens.takeAway("gone");
    bed.tokens.make("stranger");
    bed.core.book.forgetInfos();
    const said = (await rows(bed)).map(
      ({ id, state, troubles }) => `${id} ${state} ${troubles.join(" ")}`,
    );
    expect(said).toEqual([
      "fake/ready ready ",
      expect.stringMatching(/^fake\/wrong pinWrong .*then RetryPin/),
      expect.stringMatching(/^fake\/locked pinLocked .*ResetPin/),
      expect.stringMatching(/^fake\/gone absent .*does not mean that its keys are/),
      expect.stringMatching(/^fake\/stranger ready No tenant has it/),
    ]);
  });

  test("keeps what is declared while the driver is away, or not set up, or another node's", async () => {
    const bed = await coreBed();
    await withToken(bed, "defense");
    bed.fake.state = "restarting";
    bed.core.book.forgetInfos();
    expect(await rows(bed)).toMatchObject([{ id: "fake/defense", state: "driverDown" }]);
    bed.fake.state = "ready";
    const other = await bed.another("node2");
    expect(await rows(other, "node2")).toMatchObject([{ state: "ready" }]);
    bed.tokens.takeAway("defense");
    other.core.book.forgetInfos();
    expect(await rows(other, "node2")).toMatchObject([{ state: "elsewhere", troubles: [] }]);
    const { tokens, declarations } = bed;
    const bare = await coreBed({ tokens, declarations, files: {} });
    expect(await rows(bare)).toMatchObject([
      { state: "driverDown", troubles: [expect.stringMatching(/bring its file back/)] },
    ]);
  });

  test("tells a driver whose file moved to another region", async () => {
    const bed = await coreBed();
    await withToken(bed, "defense");
    const { tokens, declarations } = bed;
    const moved = { ...driverFile, region: "AE" };
    const next = await coreBed({ tokens, declarations, files: { fake: moved } });
    expect(await rows(next)).toMatchObject([
      { region: "UK", troubles: [expect.stringMatching(/made for UK .* now says AE/)] },
    ]);
  });
});

describe("the list of keys", () => {
  const now = Date.parse("2026-11-22T12:00:00.000Z");
  const filter = (given: object) => v.parse(keyFilterSchema, given);

  test("filters, searches, sorts and turns pages", async () => {
    const bed = await coreBed();
    const token = await withToken(bed, "defense");
    const soon = new Date(now + 5 * 86_400_000).toISOString();
    const found = ["alpha", "beta", "gamma"].map((name, i) => ({
      record: keyRecord({
        name,
        ...(i === 1 ? { expireAt: soon, algorithm: "AES-256", purpose: "encrypt" } : {}),
        ...(i === 2 ? { state: "suspended" } : {}),
      }),
      token,
      frozen: i === 0 ? "gone" : "",
    }));
    const names = (given: object) =>
      keyPage(found, [], filter(given), now).rows.map(({ name }) => name);
    expect(names({})).toEqual(["alpha", "beta", "gamma"]);
    expect(names({ descending: true })).toEqual(["gamma", "beta", "alpha"]);
    expect(names({ search: "defense AES" })).toEqual(["beta"]);
    expect(names({ state: ["suspended"] })).toEqual(["gamma"]);
    expect(names({ purpose: ["encrypt"] })).toEqual(["beta"]);
    expect(names({ troubled: true })).toEqual(["alpha"]);
    expect(names({ dueDays: 7 })).toEqual(["beta"]);
    expect(names({ dueDays: 3 })).toEqual([]);
    const first = keyPage(found, [], filter({ limit: 2 }), now);
    expect(first).toMatchObject({ total: 3 });
    const rest = keyPage(found, [], filter({ limit: 2, cursor: first.next }), now);
    expect(rest.rows.map(({ name }) => name)).toEqual(["gamma"]);
    expect(rest.next).toBe("");
  });

  test("counts the keys of a token", async () => {
    const bed = await coreBed();
    const token = await withToken(bed, "defense");
    await withKey(bed, token, "documents");
    const contents = await bed.core.records.list(token);
    expect(bed.core.store.countIn(contents)).toBe(1);
  });
});

test("every failure of a driver is one sentence that says what to do, without the driver's words", () => {
  const kinds = [
    ...["unavailable", "closed", "timeout", "tokenAbsent", "keyMissing", "ambiguous", "pinWrong"],
    ...["pinLocked", "refused", "authentication", "badKey", "exists", "unsupported", "full"],
    "module",
  ] as const;
  for (const kind of kinds) {
    const error = new DriverError(kind as "module", "inner words", "CKR_DEVICE_ERROR");
    const { message } = explainDriver(error, { driver: "softhsm", token: "softhsm/defense" });
    expect(message, kind).toMatch(/^[A-Z].*\.$/);
    expect(message, kind).not.toContain("inner words");
  }
});
