/** The driver files that are shipped, and those that people are told to write. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { driverConfigSchema } from "../../agent/hsm/config.ts";

const root = resolve(import.meta.dirname, "../..");
const examples = join(root, "packaging/hsm/examples");

const read = (...path: string[]) => readFileSync(join(root, ...path), "utf8");
const parse = (text: string) => v.parse(driverConfigSchema, JSON.parse(text));

describe("a driver file", () => {
  const names = readdirSync(examples).filter((name) => name.endsWith(".json"));

  test.each(names)("among the examples can be used: %s", (name) => {
    const config = parse(readFileSync(join(examples, name), "utf8"));
    // The unit loads the credential of its own name, unless a drop-in says otherwise.
    expect(config.pin).toEqual({ credential: `hsm-${name.replace(".json", "")}`, form: "given" });
    expect(config.concurrency).toBeGreaterThan(1);
  });

  test("in the readme can be used", () => {
    const [, json = ""] = /`\/etc\/dsecos\/hsm\.d\/luna\.json`:\s+```json\n(.*?)```/s.exec(
      read("README.md"),
    ) ?? ["", "the readme has none"];
    expect(parse(json).pin.credential).toBe("hsm-luna");
  });

  test("of the software HSM names the store and the secret that its package makes", () => {
    const config = parse(read("packaging/hsm/softhsm.json"));
    const secret = read("packaging/hsm/make-secret");
    expect(config.tokens).toBe("created");
    expect(config.pin).toEqual({ credential: "hsm-softhsm", form: "derived" });
    expect(secret).toContain(`--name=${config.pin.credential} `);
    expect(secret).toContain(`$store/${config.pin.credential}\n`);
    const [, tokens] =
      /^directories\.tokendir = (\S+)$/m.exec(read("packaging/hsm/softhsm2.conf")) ?? [];
    expect(secret).toContain(`tokens=${tokens}\n`);
    expect(read("packaging/debian/dsecos-hsm.tmpfiles")).toContain(` ${tokens} `);
    expect(config.environment.SOFTHSM2_CONF).toBe("/etc/dsecos/softhsm2.conf");
  });
});
