import { describe, expect, test } from "vitest";
import { Frames, type Header } from "../../agent/ceph/link/frames.ts";
import { commandError } from "../../agent/ceph/link/words.ts";

function heard(pieces: readonly Buffer[], mostBytes = 1000): [Header, string][] {
  const all: [Header, string][] = [];
  const frames = new Frames(mostBytes, (header, payload) => all.push([header, payload.toString()]));
  for (const piece of pieces) frames.push(piece);
  return all;
}

const frame = (header: object, payload = "") =>
  Buffer.from(`${JSON.stringify({ ...header, bytes: Buffer.byteLength(payload) })}\n${payload}`);

describe("what the helper writes", () => {
  const stream = Buffer.concat([
    frame({ id: 0, event: "connected", fsid: "f" }),
    frame({ id: 7, ret: 0 }, '{"a":\n"ö"}'),
    frame({ id: 8, ret: -2, words: "no such" }),
  ]);
  const whole = heard([stream]);

  test("is the same in one piece and byte by byte", () => {
    expect(whole.map(([{ id }, payload]) => [id, payload])).toEqual([
      [0, ""],
      [7, '{"a":\n"ö"}'],
      [8, ""],
    ]);
    expect(heard([...stream].map((byte) => Buffer.of(byte)))).toEqual(whole);
  });

  test("is refused when it is larger than was asked for, endless or no frame", () => {
    expect(() => heard([frame({ id: 1 }, "12345")], 4)).toThrow("larger");
    expect(() => heard([Buffer.alloc(70_000, "x")])).toThrow("does not end");
    expect(() => heard([Buffer.from('{"id":-1,"bytes":0}\n')])).toThrow();
    expect(() => heard([Buffer.from("Traceback\n")])).toThrow();
  });
});

test.each([
  [-2, "NotFound"],
  [-1, "Denied"],
  [-13, "Denied"],
  [-22, "InvalidArgument"],
  [-16, "Conflict"],
  [-17, "Conflict"],
  [-110, "Timeout"],
  [-122, "QuotaExceeded"],
  [-5, "Unavailable"],
])("Ceph's error %d is %s, in one line", (ret, code) => {
  const error = commandError("mon: osd dump", ret, "first\nsecond\x1b[0m.");
  expect(error.code).toBe(code);
  expect(error.message).toContain("mon: osd dump");
  expect(error.message).not.toMatch(/\p{Cc}/u);
});
