import { describe, expect, it } from "vitest";
import { DriverError } from "../../agent/hsm/driver/types.ts";
import { Reader, WireError, Writer } from "../../agent/hsm/driver/wire/buffers.ts";
import { driverError, FrameReader, frame } from "../../agent/hsm/driver/wire/frames.ts";
import { operationNames, operations } from "../../agent/hsm/driver/wire/operations.ts";
import type { Shape } from "../../agent/hsm/driver/wire/shapes.ts";
import { readStatus, writeStatus } from "../../agent/hsm/driver/wire/status.ts";

function there<T>(shape: Shape<T>, value: T): Buffer {
  const to = new Writer();
  shape.write(to, value);
  return to.take();
}

function back<T>(shape: Shape<T>, bytes: Buffer): T {
  const from = new Reader(bytes, 0, bytes.length);
  const value = shape.read(from);
  from.done();
  return value;
}

const seal = { id: "00".repeat(16), aad: Buffer.from("bound to") };
const token = {
  ...{ label: "acme", serial: "17", slot: 1, manufacturer: "SoftHSM", model: "v2" },
  ...{ hardwareVersion: "2.6", firmwareVersion: "2.6", hardware: false, initialized: true },
  ...{ pinCountLow: false, pinFinalTry: true, pinLocked: false, login: "open" as const },
  ...{ freePrivateBytes: -1, mechanisms: ["0x1041", "0x80000003"] },
};

describe("an operation on the wire", () => {
  it("has a number that does not change when others are added after it", () => {
    expect(operationNames.slice(0, 4)).toEqual(["module", "tokens", "createToken", "resetPin"]);
  });

  it("keeps its arguments, with what was left out left out", () => {
    const { arguments: shape } = operations.sign;
    const parts = { sealed: { seal, blob: Buffer.from("blob") } };
    const values = ["acme", "ML-DSA-65", parts, Buffer.alloc(70_000, 7)] as const;
    expect(back(shape, there(shape, [...values]))).toEqual(values);
  });

  it("keeps its result, and makes one list of mechanisms for tokens that have the same", () => {
    const { result } = operations.tokens;
    const [first, second] = back(
      result,
      there(result, [token, { ...token, label: "ä".repeat(9) }]),
    );
    expect(first).toEqual(token);
    expect(second?.label).toBe("ä".repeat(9));
    expect(second?.mechanisms).toBe(first?.mechanisms);
  });

  it("keeps counters by token, key and operation", () => {
    const { result } = operations.counters;
    const counts = { acme: { "00": { sign: 2 ** 40 } }, other: {} };
    expect(back(result, there(result, counts))).toEqual(counts);
  });

  it("is refused when it ends too early, goes on, or has a length that lies", () => {
    const { arguments: shape } = operations.random;
    const whole = there(shape, ["acme", 32]);
    for (let length = 0; length < whole.length; length++) {
      expect(() => back(shape, whole.subarray(0, length))).toThrow(WireError);
    }
    expect(() => back(shape, Buffer.concat([whole, Buffer.of(0)]))).toThrow(WireError);
    const lying = Buffer.from(whole);
    lying.writeUInt32BE(0xffff_fff0, 0);
    expect(() => back(shape, lying)).toThrow(WireError);
    const many = Buffer.alloc(4);
    many.writeUInt32BE(0xffff_ffff);
    expect(() => back(operations.keys.result, many)).toThrow(/100000/);
  });
});

describe("frames", () => {
  const framed = (texts: readonly string[]) => {
    const to = new Writer();
    for (const text of texts) frame(to, () => to.text(text));
    return to.take();
  };
  const texts = ["one", "", "three".repeat(2000), "four"];

  it.each([1, 3, 7, 4096, 1 << 20])("are put together from pieces of %i bytes", (size) => {
    const bytes = framed(texts);
    const heard: string[] = [];
    const frames = new FrameReader();
    for (let at = 0; at < bytes.length; at += size) {
      const piece = Buffer.from(bytes.subarray(at, at + size));
      frames.push(piece, (from) => heard.push(from.text(100_000)));
    }
    expect(heard).toEqual(texts);
  });

  it("leave nothing behind in what was received", () => {
    const bytes = framed(["a plaintext"]);
    new FrameReader().push(bytes, (from) => from.text(100));
    expect(bytes.every((byte) => byte === 0)).toBe(true);
  });

  it("that are too long are refused before there is room for them", () => {
    expect(() => new FrameReader().push(Buffer.from("7fffffff", "hex"), () => {})).toThrow(
      WireError,
    );
  });

  it("that cannot be written leave nothing in front of the next", () => {
    const to = new Writer();
    expect(() =>
      frame(to, () => {
        to.word(1);
        throw new WireError("no");
      }),
    ).toThrow(WireError);
    expect(to.length).toBe(0);
  });
});

it("keeps an error's kind and name", () => {
  const error = new DriverError("full", "no room", "CKR_DEVICE_MEMORY");
  const read = back(driverError, there(driverError, error));
  expect(read).toBeInstanceOf(DriverError);
  expect(read).toMatchObject({ kind: "full", message: "no room", ckr: "CKR_DEVICE_MEMORY" });
});

it("keeps a status, and takes nothing else for one", () => {
  const to = new Writer();
  writeStatus(to, { state: "failed", reason: "no module", pinSource: "none", host: 0 });
  let status: unknown;
  new FrameReader().push(to.take(), (from) => {
    expect([from.word(), from.byte()]).toEqual([0, 2]);
    status = readStatus(from);
  });
  expect(status).toMatchObject({ state: "failed", reason: "no module", host: 0 });
  const wrong = new Writer();
  wrong.text('{"state":"splendid"}');
  const bytes = wrong.take();
  expect(() => readStatus(new Reader(bytes, 0, bytes.length))).toThrow();
});
