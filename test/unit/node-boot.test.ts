/** The firmware's log: read as the specification has it, replayed, and compared. */
import { describe, expect, it } from "vitest";
import { type AcceptedBoot, judgedPcrs } from "../../agent/node/boot/answers.ts";
import { judge } from "../../agent/node/boot/judge.ts";
import { parseBootLog, replay } from "../../agent/node/boot/log.ts";
import { describe as inWords } from "../../agent/node/boot/words.ts";
import { FormError } from "../../agent/tpm/codec.ts";
import { locality, realLog, realRegisters, separator, writeLog } from "../lib/boot-log.ts";

const hex = (values: ReadonlyMap<number, Buffer>) =>
  [...values].map(([pcr, value]) => [pcr, value.toString("hex")]);
const values = new Map(
  judgedPcrs.map((pcr) => [pcr, Buffer.from(realRegisters.get(pcr) ?? "", "hex")]),
);

describe("the log of a real start", () => {
  it("gives what the TPM's registers had", () => {
    const replayed = replay(parseBootLog(realLog), judgedPcrs);
    expect(hex(replayed)).toEqual(judgedPcrs.map((pcr) => [pcr, realRegisters.get(pcr)]));
  });

  it("tells what was measured, in words", () => {
    const { events, hash } = judge(parseBootLog(realLog), values, undefined);
    const told = events.map(({ pcr, type, what }) => `${pcr} ${type} ${what}`);
    expect(told).toContain("7 EV_EFI_VARIABLE_DRIVER_CONFIG SecureBoot");
    expect(told).toContain("4 EV_EFI_ACTION Calling EFI Application from Boot Option");
    expect(told).toContain("9 EV_EVENT_TAG Linux initrd");
    expect(told.filter((line) => line.startsWith("7 "))).toHaveLength(6);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(events.every(({ isNew }) => !isNew)).toBe(true);
  });
});

describe("a log as the specification has it", () => {
  it("begins register 0 with the locality that the firmware tells", () => {
    const [plain, other] = [writeLog([]), writeLog([locality(3)])].map((log) =>
      replay(parseBootLog(log), [0]).get(0)?.toString("hex"),
    );
    expect(plain).toBe("0".repeat(64));
    expect(other).toBe(`${"0".repeat(63)}3`);
  });

  it("extends nothing by what only tells", () => {
    const log = writeLog([{ pcr: 4, type: 3, data: Buffer.from("told") }]);
    expect(replay(parseBootLog(log), [4]).get(4)?.toString("hex")).toBe("0".repeat(64));
  });

  it("may have other hashes beside SHA-256, but not be without it", () => {
    const many = writeLog([separator(0)], {
      algorithms: [
        [4, 20],
        [12, 48],
        [11, 32],
      ],
    });
    expect(parseBootLog(many)).toHaveLength(1);
    const old = writeLog([separator(0)], { algorithms: [[4, 20]] });
    expect(() => parseBootLog(old)).toThrow("has no SHA-256");
    const older = writeLog([separator(0)], { signature: "Spec ID Event00\0" });
    expect(() => parseBootLog(older)).toThrow("SHA-1 alone");
  });

  it("names the file of what was started", () => {
    const path = Buffer.from("\\EFI\\debian\\shimx64.efi\0", "utf16le");
    const node = Buffer.from([4, 4, path.length + 4, 0]);
    const image = Buffer.concat([Buffer.alloc(32), node, path, Buffer.from([0x7f, 0xff, 4, 0])]);
    const log = parseBootLog(writeLog([{ pcr: 4, type: 0x80000003, data: image }]));
    expect(log.map(inWords)).toEqual(["\\EFI\\debian\\shimx64.efi"]);
  });

  it("names a register that there is", () => {
    expect(() => parseBootLog(writeLog([separator(24)]))).toThrow("register 24");
  });
});

describe("bytes that are no log", () => {
  /** A small generator with a fixed seed (mulberry32), so that a failure can be repeated. */
  function generator(seed: number) {
    let state = seed;
    return (below: number) => {
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below);
    };
  }

  /** Parses, replays and words it; only what has no form may be refused. */
  function survives(bytes: Buffer): boolean {
    try {
      const events = parseBootLog(bytes);
      replay(events, judgedPcrs);
      for (const event of events) expect([...inWords(event)].length).toBeLessThanOrEqual(100);
      return true;
    } catch (error) {
      if (error instanceof FormError) return false;
      throw error;
    }
  }

  it("are refused in words at whichever byte they end", () => {
    let whole = 0;
    for (let end = 0; end < realLog.length; end += 3)
      if (survives(realLog.subarray(0, end))) whole++;
    // Only where an event ends, it could be a log.
    expect(whole).toBeLessThanOrEqual(parseBootLog(realLog).length);
  });

  it("harm nobody, whatever they are", () => {
    const random = generator(20261122);
    for (let round = 0; round < 800; round++) {
      const bytes = Buffer.from(realLog);
      for (let change = 0; change <= random(8); change++) {
        const at = random(round % 2 === 0 ? 200 : bytes.length);
        if (random(2) === 0) bytes[at] = random(256);
        else
          bytes.writeUInt32LE(
            [0, 1, 0xffffffff, 0x7fffffff][random(4)] ?? 0,
            Math.min(at, bytes.length - 4),
          );
      }
      survives(bytes);
    }
  });
});

describe("what differs", () => {
  const log = parseBootLog(writeLog(judgedPcrs.map(separator)));
  const measured = replay(log, judgedPcrs);
  const first = judge(log, measured, undefined);
  const accepted: AcceptedBoot = {
    ...{ format: "dsecos-boot-1", hash: first.hash, at: "2026-01-01T00:00:00.000Z" },
    ...{ by: "ann", approvers: ["bob"], reason: "first start" },
    registers: first.registers.map(({ pcr, value }) => ({ pcr, value })),
    events: first.events.map(({ isNew: _isNew, ...event }) => event),
  };

  it("is nothing at the same start", () => {
    const again = judge(log, measured, accepted);
    expect(again.hash).toBe(first.hash);
    expect(again.registers.every(({ value, expected }) => value === expected)).toBe(true);
    expect([again.gone, again.events.filter(({ isNew }) => isNew)]).toEqual([[], []]);
  });

  it("is told as measurements that are new and gone", () => {
    const loader = { pcr: 4, type: 0x80000003, data: Buffer.from("another loader") };
    const other = parseBootLog(
      writeLog([...judgedPcrs.filter((pcr) => pcr !== 4).map(separator), loader]),
    );
    const { registers, events, gone, hash } = judge(other, replay(other, judgedPcrs), accepted);
    const differ = registers.filter(({ value, expected }) => value !== expected);
    expect(differ.map(({ pcr }) => pcr)).toEqual([4]);
    expect(events.filter(({ isNew }) => isNew)).toMatchObject([
      { pcr: 4, type: "EV_EFI_BOOT_SERVICES_APPLICATION" },
    ]);
    expect(gone).toMatchObject([{ pcr: 4, type: "EV_SEPARATOR" }]);
    expect(hash).not.toBe(first.hash);
  });

  it("counts what is measured twice", () => {
    const twice = parseBootLog(writeLog([separator(0), ...judgedPcrs.map(separator)]));
    const { events } = judge(twice, replay(twice, judgedPcrs), accepted);
    expect(events.filter(({ isNew }) => isNew)).toHaveLength(1);
  });

  it("cannot be accepted where the log does not explain a register", () => {
    const extended = new Map(measured).set(4, Buffer.alloc(32, 7));
    const { registers, hash } = judge(log, extended, accepted);
    expect(registers.filter(({ explained }) => !explained).map(({ pcr }) => pcr)).toEqual([4]);
    expect(hash).toBe("");
  });
});
