import { execFile } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build as bundle } from "esbuild";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseNote, parseVerifierKey } from "../../agent/audit/tlog/note.ts";
import { isIncluded } from "../../agent/audit/tlog/proofs.ts";
import { isEvent } from "../../agent/audit/verify/payload.ts";
import { noTrust, verifyLog } from "../../agent/audit/verify/verify.ts";
import { manPage } from "../../agent/bus/derive/man.ts";
import { contracts } from "../../agent/contracts.ts";
import { build, checkpoint, type Segment, timeOf, write } from "../lib/audit-builder.ts";
import { logSpec, standardLog, standardPayloads, tamperings } from "../lib/audit-tampering.ts";

const root = mkdtempSync(join(tmpdir(), "dsecos-verify-"));
const directory = join(root, "log");
const program = join(root, "dsecos.mjs");
const log = standardLog();
const openSegment = join(directory, "log/00000000000000000768.seg");

beforeAll(async () => {
  await bundle({
    entryPoints: [resolve(import.meta.dirname, "../../agent/cli/main.ts")],
    bundle: true,
    platform: "node",
    format: "esm",
    external: ["usocket"],
    banner: {
      js: 'import { createRequire as r } from "node:module";\nconst require = r(import.meta.url);',
    },
    outfile: program,
  });
});
beforeEach(() => write(directory, log.files));
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface Ended {
  code: number;
  out: string;
  told: string;
}

/** Runs the command line as on a machine that has nothing else of DsecOS. */
function dsecos(...words: string[]): Promise<Ended> {
  return new Promise((done) => {
    const environment = { PATH: "/usr/bin:/bin", DBUS_SYSTEM_BUS_ADDRESS: "unix:path=/nowhere" };
    const options = { env: environment, timeout: 60_000 };
    execFile(
      process.execPath,
      [program, "audit", "verify", ...words],
      options,
      (error, out, told) => done({ code: error === null ? 0 : Number(error.code), out, told }),
    );
  });
}

describe("dsecos audit verify", () => {
  it("says first that a log is intact, without agent and bus", async () => {
    const { code, out, told } = await dsecos(directory, "--key", log.key.vkey);
    expect(told).toBe("");
    expect(out.split("\n")[0]).toBe(
      "Intact, as far as the evidence reaches: 968 events, sequence 1 to 968.",
    );
    expect(code).toBe(0);
  });

  it("ends with 8 when it is not, and tells what, where and by which evidence", async () => {
    const bytes = readFileSync(openSegment);
    bytes[200] = (bytes[200] ?? 0) ^ 1;
    writeFileSync(openSegment, bytes);
    const { code, out } = await dsecos(directory);
    expect(code).toBe(8);
    expect(out.split("\n")[0]).toBe(
      "NOT INTACT: 2 things are wrong in 968 events, sequence 1 to 968.",
    );
    expect(out).toMatch(
      /chain\.link, shown by the chain; log\/0+768\.seg at byte 120, sequence 769/,
    );
  });

  it("gives a document to programs, with the proof of an event", async () => {
    const { code, out } = await dsecos(directory, "--json", "--event", "301");
    expect(code).toBe(0);
    const { intact, proof } = JSON.parse(out);
    expect(intact).toBe(true);
    expect(proof).toMatchObject({ index: 300, size: 950, signed: true });
    const bytes = (text: string) => Buffer.from(text, "base64");
    const hashes = proof.proof.map(bytes);
    expect(isIncluded(bytes(proof.leaf), 300, 950, hashes, bytes(proof.root))).toBe(true);
    expect(bytes(proof.leaf)).toEqual(log.leaves[300]);
  });

  it("compares with a checkpoint that was kept elsewhere", async () => {
    const kept = join(root, "kept");
    writeFileSync(kept, checkpoint(log, 900, Math.floor(timeOf(900) / 1000)));
    const trust = ["--key", log.key.vkey, "--witness", log.witness.vkey, "--checkpoint", kept];
    expect((await dsecos(directory, ...trust)).code).toBe(0);
    write(directory, build(logSpec(standardPayloads(800), [{ size: 700 }])).files);
    const { code, out } = await dsecos(directory, ...trust);
    expect(code).toBe(8);
    expect(out).toContain("witness.fork");
  });

  it.each([
    [["/no/such/log"], 4, "There is no /no/such/log."],
    [[directory, "--key", "nonsense"], 2, "--key: A verifier key reads"],
    [[directory, "--checkpoint", "/no/such/file"], 2, "--checkpoint /no/such/file: ENOENT"],
    [[directory, "--tpm-root", program], 2, "it holds no certificate"],
    [
      [directory, "--event", "5000"],
      4,
      "Nothing can be proved of sequence 5000; there are 1 to 968.",
    ],
    [["--key", "nonsense"], 2, "LOG is missing"],
    [[], 7, ""],
  ])("ends with a sentence for %j", async (words, expected, sentence) => {
    const { code, told } = await dsecos(...words);
    expect(told).toContain(sentence);
    expect(told).not.toContain("    at ");
    expect(code).toBe(expected);
  });

  it("stands in the man page with its exit code", () => {
    const page = manPage(contracts, "0");
    expect(page).toContain("\\fBdsecos audit verify\\fR [\\fILOG\\fR]");
    expect(page).toContain("What was verified is not intact, or not proved.");
  });
});

describe("verifying with several threads", () => {
  it("finds the same", async () => {
    for (const { mutate } of tamperings.slice(0, 4)) {
      write(directory, log.files);
      mutate(directory, log);
      const alone = await verifyLog(directory, { trust: noTrust });
      const workers = { file: program, count: 2 };
      expect(await verifyLog(directory, { trust: noTrust, workers })).toEqual(alone);
    }
  });

  it("ends when it is told to", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    const workers = { file: program, count: 2 };
    const run = verifyLog(directory, { trust: noTrust, workers, signal });
    await expect(run).rejects.toThrow("enough");
  });
});

describe("a log in use", () => {
  it("may end in a write that was not finished", async () => {
    appendFileSync(openSegment, "DSFR and then nothing");
    const { intact, findings } = await verifyLog(directory, { trust: noTrust });
    expect(intact).toBe(true);
    expect(findings.find(({ code }) => code === "structure.torn")?.severity).toBe("W");
  });

  it("is looked at up to what was there when somebody asked", async () => {
    const { intact, events } = await verifyLog(directory, { trust: noTrust, end: 806 });
    expect({ intact, events }).toEqual({ intact: true, events: { first: 0, end: 806 } });
  });
});

describe("a key that was changed", () => {
  it("is trusted when the log tells of it, and not otherwise", async () => {
    const keys = JSON.parse(readFileSync(join(directory, "log.json"), "utf8"));
    keys.keys.push({ from: 960, vkey: log.key.vkey });
    writeFileSync(join(directory, "log.json"), JSON.stringify(keys));
    const { findings } = await verifyLog(directory, { trust: noTrust });
    expect(findings.filter(({ severity }) => severity === "E").map(({ text }) => text)).toEqual([
      "Event 960 does not tell of the key that is used from there on.",
    ]);
  });
});

describe("where a fault is found", () => {
  it("is one place, and what follows is checked all the same", async () => {
    const bytes = readFileSync(openSegment);
    for (const at of [300, bytes.length - 200]) bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(openSegment, bytes);
    const { findings } = await verifyLog(directory, { trust: noTrust });
    const broken = findings.filter(({ code }) => code === "chain.link");
    expect(broken.map(({ first, last }) => [first, last])).toEqual([
      [768, 768],
      [870, 967],
    ]);
  });

  it("tells of a clock that was set back", async () => {
    const spec = logSpec(standardPayloads(), []);
    const segments = spec.segments.map((segment, i): Segment => {
      if (i < 2) return segment;
      const frames = segment.frames.map((frame, n) =>
        n === 2 ? { ...frame, committedAt: frame.committedAt - 1e9 } : frame,
      );
      return { ...segment, frames };
    });
    write(directory, build({ ...spec, segments }).files);
    const { intact, findings } = await verifyLog(directory, { trust: noTrust });
    expect(intact).toBe(true);
    expect(findings.filter(({ code }) => code === "clock.back")).toHaveLength(1);
  });
});

describe("the form of an event", () => {
  const time = '"time":"2026-03-01T12:00:00.000Z"';
  it.each([
    [true, `{${time}}`],
    [true, `{"a":[],"b":{"c":[1,-2,3.5,1e+30,true,null]},${time}}`],
    [true, `{"a":"é\\n","b":"\\u0001",${time}}`],
    [true, '{"time":"2026-03-01T12:00:00Z"}'],
    [true, `{"a":"he said \\"é\\" \\\\ \\t 😀",${time}}`],
    [true, `{"é":1,${time},"ü":2}`.replace(/^\{"é":1,/, "{")],
    [false, `{"a":"\\x",${time}}`],
    [false, `{"a":"\\",${time}}`],
    [false, `{"z":1,${time}}`],
    [false, `{"a":1,"a":2,${time}}`],
    [false, `{ ${time}}`],
    [false, `{"a":01,${time}}`],
    [false, `{"a":1.0,${time}}`],
    [false, `{"a":-0,${time}}`],
    [false, `{"a":"\\u0041",${time}}`],
    [false, `{"a":"\\/",${time}}`],
    [false, `{"a":tru,${time}}`],
    [false, `{"b":{"d":1,"c":2},${time}}`],
    [false, `{${time}}}`],
    [false, `{${time}`],
    [false, `[${time}]`],
    [false, "{}"],
    [false, '{"time":"2026-02-29T12:00:00.000Z"}'],
    [false, '{"time":"2026-03-01T24:00:00.000Z"}'],
    [false, '{"time":"yesterday"}'],
    [false, '{"a":{"time":"2026-03-01T12:00:00.000Z"}}'],
  ])("is right: %s for %s", (expected, text) => {
    const bytes = Buffer.from(`xx${text}"}, and more`);
    expect(isEvent(bytes, 2, 2 + Buffer.byteLength(text))).toBe(expected);
  });

  it("is not right in bytes that are no UTF-8", () => {
    const bytes = Buffer.from(`{"a":"xy",${time}}`);
    expect(isEvent(bytes, 0, bytes.length)).toBe(true);
    for (const wrong of [
      [0xff, 0x79],
      [0xc3, 0x79],
      [0xed, 0xa0],
    ]) {
      Buffer.from(wrong).copy(bytes, 6);
      expect(isEvent(bytes, 0, bytes.length)).toBe(false);
    }
  });
});

it("takes a checkpoint of another log as a fork", async () => {
  const other = build({ ...log.spec, node: "node2" });
  const checkpoints = [{ name: "kept", note: parseNote(checkpoint(other, 900)) }];
  const trust = { ...noTrust, key: parseVerifierKey(log.key.vkey), checkpoints };
  const { findings } = await verifyLog(directory, { trust });
  expect(findings.map(({ code }) => code)).toContain("witness.fork");
});
