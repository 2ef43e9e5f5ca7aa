/** Very many tokens of SoftHSM. */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { HsmBed } from "./hsm-driver.ts";

/**
 * Makes one token and copies it under other labels and serial numbers, which stand in its file as
 * they are: making each would take a minute. Nobody can log in to the copies, and nobody has to.
 *
 * @param bed whose driver has no token yet
 * @returns their labels, in their order
 */
export async function multiplyTokens(bed: HsmBed, count: number): Promise<string[]> {
  const original = labelOf(0);
  const { serial } = await bed.driver.createToken(original);
  const [name = ""] = readdirSync(bed.tokens);
  const object = readFileSync(join(bed.tokens, name, "token.object"));
  const labels = [original];
  for (let i = 1; i < count; i++) {
    const copy = Buffer.from(object);
    replace(copy, original, labelOf(i));
    replace(copy, serial, i.toString(16).padStart(serial.length, "0"));
    // Another end than the original's own, which is a random one.
    const end = (Number.parseInt(name.slice(-4), 16) + i) % 0x10000;
    const directory = join(bed.tokens, `${name.slice(0, -4)}${end.toString(16).padStart(4, "0")}`);
    mkdirSync(directory, { mode: 0o700 });
    cpSync(join(bed.tokens, name), directory, { recursive: true });
    writeFileSync(join(directory, "token.object"), copy);
    labels.push(labelOf(i));
  }
  await bed.restart();
  const found = new Set((await bed.driver.tokens()).map(({ label }) => label));
  const missing = labels.filter((label) => !found.has(label));
  if (missing.length > 0) throw new Error(`${missing.length} tokens were not taken for such`);
  return labels;
}

const labelOf = (index: number) => `ministry-${String(index).padStart(4, "0")}`;

function replace(bytes: Buffer, from: string, to: string): void {
  const at = bytes.indexOf(from);
  if (at < 0 || from.length !== to.length) throw new Error(`no ${from} in the token's file`);
  bytes.write(to, at, "latin1");
}
