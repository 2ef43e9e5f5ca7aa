// @ts-check
/** `npm run check`: types, lint and format, in seconds. */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { ensureNodeModules } from "../packaging/setup/install.js";

const root = resolve(import.meta.dirname, "..");

/** @type {readonly (readonly [string, readonly string[]])[]} */
const steps = [
  ["types", ["node_modules/.bin/tsc"]],
  ["lint and format", ["node_modules/.bin/biome", "ci", "--error-on-warnings", "--colors=off"]],
  ["styles", ["node_modules/.bin/stylelint", "plugins/**/*.css"]],
];

await ensureNodeModules();
let failed = 0;
for (const [name, [command, ...args]] of steps) {
  const began = Date.now();
  const { status, error } = spawnSync(String(command), args, {
    cwd: root,
    stdio: "inherit",
    timeout: 300_000,
  });
  if (error) console.error(error.message);
  const verdict = status === 0 ? "passed" : "failed";
  console.log(`${name}: ${verdict} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  if (status !== 0) failed += 1;
}
process.exit(failed === 0 ? 0 : 1);
