import { Variant } from "dbus-next/lib/variant.js";
import { expect, test } from "vitest";
import { frame, type Incoming, messageTypes, Unframer } from "../../agent/bus/wire.ts";

const call = {
  type: messageTypes.call,
  serial: 7,
  destination: "org.dsecos.Agent",
  path: "/org/dsecos/tenants",
  interface: "org.dsecos.Tenants1",
  member: "List",
};

test("a message is read back, however the stream is cut", () => {
  const bytes = Buffer.concat([
    frame({ ...call, signature: "sub", body: ["ü", 7, true] }),
    frame({ ...call, serial: 8, signature: "as", body: [["a", "b"]] }),
  ]);
  for (const size of [1, 3, 16, 17, 64, bytes.length]) {
    const unframer = new Unframer(1024);
    const messages: (Incoming | undefined)[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      messages.push(...unframer.push(bytes.subarray(at, at + size)));
    }
    expect(messages.map((message) => message?.body())).toEqual([["ü", 7, true], [["a", "b"]]]);
    expect(messages[0]?.head).toMatchObject({ serial: 7, member: "List", signature: "sub" });
  }
});

test("a body that is too large is dropped, and the next message is read", () => {
  const large = frame({ ...call, signature: "s", body: ["x".repeat(5000)] });
  const small = frame({ ...call, serial: 9, signature: "s", body: ["y"] });
  for (const size of [100, 4096, 20_000]) {
    const unframer = new Unframer(1000);
    const bytes = Buffer.concat([large, small]);
    const messages: (Incoming | undefined)[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      messages.push(...unframer.push(bytes.subarray(at, at + size)));
    }
    expect(messages).toHaveLength(2);
    expect(messages[0]?.head.size).toBe(5005);
    expect(() => messages[0]?.body()).toThrow("too large");
    expect(messages[1]?.body()).toEqual(["y"]);
  }
});

test("a body with a file descriptor that did not come fails alone", () => {
  const bytes = frame({ ...call, signature: "u", body: [0] });
  // The same body under the signature of a file descriptor.
  const at = bytes.indexOf(Buffer.from("\x01u\0", "latin1"));
  bytes[at + 1] = "h".charCodeAt(0);
  const [message] = new Unframer(1024).push(bytes);
  expect(message?.head.signature).toBe("h");
  expect(() => message?.body()).toThrow();
});

test("deep variants are read without harm", () => {
  let value: Variant = new Variant("s", "x");
  for (let i = 0; i < 40; i++) value = new Variant("v", value);
  const [message] = new Unframer(65536).push(frame({ ...call, signature: "v", body: [value] }));
  expect(message?.body()).toHaveLength(1);
});

test("what is not D-Bus ends the connection", () => {
  expect(() => new Unframer(1024).push(Buffer.alloc(64, 0xff))).toThrow("not D-Bus");
});
