import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Traces } from "../lib/traces.ts";

describe("traces of a secret", () => {
  // Bytes of which base64 needs both characters that base64url has others for.
  const secret = Buffer.concat([
    Buffer.from([0xfb, 0xef, 0xbe, 0xff, 0xff, 0xff]),
    randomBytes(26),
  ]);
  const traces = new Traces({ it: secret });

  it.each([
    ["raw", (bytes: Buffer) => bytes],
    ["hexadecimal", (bytes: Buffer) => Buffer.from(bytes.toString("hex"))],
    ["capitals", (bytes: Buffer) => Buffer.from(bytes.toString("hex").toUpperCase())],
    ["base64", (bytes: Buffer) => Buffer.from(bytes.toString("base64"))],
    ["base64url", (bytes: Buffer) => Buffer.from(bytes.toString("base64url"))],
  ])("are found as %s, wherever it begins in what is encoded", (_name, encode) => {
    for (let before = 0; before < 7; before += 1) {
      const bytes = Buffer.concat([randomBytes(before), secret, randomBytes(5)]);
      expect(traces.in(encode(bytes)), `after ${before} bytes`).not.toEqual([]);
    }
    expect(traces.in(encode(randomBytes(200)))).toEqual([]);
  });

  it("are found in files, and in what a process was started with and has in memory", async () => {
    const directory = mkdtempSync(join(tmpdir(), "dsecos-traces-"));
    const text = secret.toString("hex");
    // In its memory the process has it only as bytes.
    const program = `const kept = Buffer.from(process.env.WORD, "hex"); console.log(kept.length); setInterval(() => kept, 1000)`;
    const child = spawn(process.execPath, ["-e", program], {
      env: { WORD: text },
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      await once(child.stdout, "data");
      const pid = Number(child.pid);
      expect(traces.inStart(pid)).toEqual([`environ of ${pid}: it, hexadecimal`]);
      expect(traces.inMemory(pid)).toContain("it, raw");
      writeFileSync(join(directory, "log"), `{"word":"${text}"}\n`);
      expect(traces.inFiles(directory)).toEqual([`${join(directory, "log")}: it, hexadecimal`]);
    } finally {
      child.kill();
      rmSync(directory, { recursive: true });
    }
  });

  it("are not looked for where they could be there by chance", () => {
    expect(() => new Traces({ it: Buffer.from("short") })).toThrow("too short to look for");
  });
});
