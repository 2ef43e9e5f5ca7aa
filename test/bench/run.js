// @ts-check
/**
 * `npm run bench`: one case for each promise about speed, beside a reference measured in the same
 * run. `npm run bench -- NAME …` runs the cases named. Writes dist/bench.json, a list of
 * `{name, unit, ours, reference, ratio, goal, holds}`.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import {
  ensureBuilt,
  ensureNodeModules,
  ensurePackages,
  RUN_PACKAGES,
  TEST_PACKAGES,
} from "../../packaging/setup/install.js";

const root = resolve(import.meta.dirname, "../..");
const caseDirectory = join(import.meta.dirname, "cases");
const resultFile = join(root, "dist/bench.json");

await ensurePackages([...RUN_PACKAGES, ...TEST_PACKAGES]);
await ensureNodeModules();
await ensureBuilt();

const known = readdirSync(caseDirectory)
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.slice(0, -3))
  .sort();
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`no such case: ${unknown.join(", ")}; there are ${known.join(", ")}`);
  process.exit(2);
}

/** @typedef {import("./case.ts").Result} Result */

/** @type {Result[]} */
const results = [];
let broken = 0;
for (const name of asked.length > 0 ? asked : known) {
  console.log(`== ${name}`);
  try {
    for (const result of await runCase(name)) {
      results.push(result);
      const { ours, reference, ratio, goal, unit, holds } = result;
      const verdict = holds ? "holds" : "MISSED";
      console.log(
        `${result.name}: ${ours} ${unit}, reference ${reference} ${unit}, ` +
          `ratio ${ratio} (goal: ${goal}) ${verdict}`,
      );
    }
  } catch (error) {
    broken += 1;
    console.error(`${name}: could not run: ${error instanceof Error ? error.stack : error}`);
  }
}
writeFileSync(resultFile, `${JSON.stringify(merged(results), null, 2)}\n`);
const missed = results.filter(({ holds }) => !holds).length;
console.log(`${results.length - missed} hold, ${missed} missed, ${broken} could not run`);
process.exit(missed + broken === 0 ? 0 : 1);

/**
 * Cases are TypeScript, which this Node does not read: bundled first, packages left outside.
 *
 * @param {string} name
 * @returns {Promise<Result[]>}
 */
async function runCase(name) {
  const directory = join(root, "node_modules/.cache/dsecos-bench");
  mkdirSync(directory, { recursive: true });
  const outfile = join(directory, `${name}-${process.pid}.mjs`);
  await build({
    entryPoints: [join(caseDirectory, `${name}.ts`)],
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    outfile,
    plugins: [
      { name: "outside", setup: leaveOutside },
      { name: "places", setup: keepPlaces },
    ],
  });
  try {
    const { run } = await import(pathToFileURL(outfile).href);
    return await run();
  } finally {
    rmSync(outfile, { force: true });
  }
}

/**
 * The set-up scripts find files beside themselves, so they are loaded from where they are.
 *
 * @param {import("esbuild").PluginBuild} bundler
 */
function leaveOutside(bundler) {
  bundler.onResolve({ filter: /\/packaging\// }, ({ path, resolveDir }) => ({
    path: pathToFileURL(resolve(resolveDir, path)).href,
    external: true,
  }));
}

/**
 * What is bundled still finds files beside its own source.
 *
 * @param {import("esbuild").PluginBuild} bundler
 */
function keepPlaces(bundler) {
  bundler.onLoad({ filter: /\/(test|agent)\/.*\.[jt]s$/ }, async ({ path }) => {
    const text = await readFile(path, "utf8");
    const contents = text.replaceAll("import.meta.dirname", JSON.stringify(dirname(path)));
    return { contents, loader: path.endsWith(".ts") ? "ts" : "js" };
  });
}

/**
 * A run of single cases keeps the results of the others.
 *
 * @param {Result[]} fresh
 */
function merged(fresh) {
  /** @type {Result[]} */
  let old = [];
  try {
    old = JSON.parse(readFileSync(resultFile, "utf8"));
  } catch {
    // The first run has nothing to keep.
  }
  const names = new Set(fresh.map(({ name }) => name));
  return [...old.filter(({ name }) => !names.has(name)), ...fresh];
}
