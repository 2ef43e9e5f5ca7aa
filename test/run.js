// @ts-check
/**
 * `npm test`: installs what is missing and runs every tier that can run here. `npm test -- unit
 * browser` runs only the tiers named. The last line is `N passed, N failed, N skipped`.
 */
import { readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import {
  ensureBuilt,
  ensureNodeModules,
  ensurePackages,
  RUN_PACKAGES,
  TEST_PACKAGES,
} from "../packaging/setup/install.js";
import { unexpectedLines } from "./lib/agent-log.js";
import { spawnStep } from "./lib/step.js";
import { startTestStack } from "./lib/test-stack.js";

const root = resolve(import.meta.dirname, "..");

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/**
 * What failed, a line each. It is said again at the end, where whoever reads only that finds it.
 *
 * @type {string[]}
 */
const failures = [];

/** @type {Record<string, () => Promise<Counts>>} */
const tiers = {
  check: async () => {
    const ok = await spawnStep(process.execPath, ["test/check.js"], { cwd: root, minutes: 10 });
    return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 };
  },
  unit: () => vitest("unit", {}),
  integration: () => withStacks("integration", false),
  browser: () => withStacks("browser", true),
  cluster: () => vitest("cluster", {}),
  vm: () => vitest("vm", {}),
};

/** Files wait for daemons most of their time, so that two at once take little longer than one. */
const sideBySide = 2;

/**
 * Runs a tier with daemons of its own: a bus, polkit, Incus, the agent, and Cockpit for pages; a set of
 * them for each of the files that run side by side.
 *
 * @param {string} tier
 * @param {boolean} pages
 * @returns {Promise<Counts>}
 */
async function withStacks(tier, pages) {
  /** @type {Awaited<ReturnType<typeof startTestStack>>[]} */
  const stacks = [];
  try {
    while (stacks.length < sideBySide) stacks.push(await startTestStack({ pages }));
    const environments = stacks.map(({ environment }) => environment);
    const counts = await vitest(tier, { DSECOS_TEST_STACKS: JSON.stringify(environments) });
    const unexpected = stacks.flatMap(({ agentLog }) => unexpectedLines(agentLog));
    failures.push(...unexpected.map((line) => `${tier}: unexpected in the agent's log: ${line}`));
    counts[unexpected.length === 0 ? "passed" : "failed"] += 1;
    return counts;
  } finally {
    for (const stack of stacks) await stack.stop();
  }
}

/**
 * @param {string} tier
 * @param {Record<string, string>} environment
 * @returns {Promise<Counts>}
 */
async function vitest(tier, environment) {
  const report = join(tmpdir(), `dsecos-${process.pid}-${tier}.json`);
  const args = ["run", "--config", "test/vitest.config.ts", `test/${tier}/`];
  args.push("--reporter=default", "--reporter=json", `--outputFile.json=${report}`);
  const env = { ...process.env, ...environment, DSECOS_TIER: tier };
  const ok = await spawnStep("node_modules/.bin/vitest", args, { cwd: root, minutes: 40, env });
  try {
    const result = JSON.parse(readFileSync(report, "utf8"));
    const broken = result.testResults.filter(
      (/** @type {{ status: string, assertionResults: unknown[] }} */ file) =>
        file.status === "failed" && file.assertionResults.length === 0,
    ).length;
    const failed = result.numFailedTests + broken;
    failures.push(...failedTests(result).map((line) => `${tier}: ${line}`));
    if (failed === 0 && !ok) failures.push(`${tier}: an error beside the tests; it is said above`);
    return {
      passed: result.numPassedTests,
      failed: failed === 0 && !ok ? 1 : failed,
      skipped: result.numPendingTests + result.numTodoTests,
    };
  } catch (error) {
    failures.push(`${tier}: no report was written: ${error}`);
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(report, { force: true });
  }
}

/**
 * @param {{ testResults: { name: string, status: string, message: string, assertionResults:
 *   { status: string, fullName: string, failureMessages: string[] }[] }[] }} report of vitest
 */
function failedTests({ testResults }) {
  const firstLine = (/** @type {string | undefined} */ text) => text?.split("\n")[0] ?? "";
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(root, name);
    if (status === "failed" && assertionResults.length === 0)
      return [`${file}: ${firstLine(message)}`];
    return assertionResults
      .filter((test) => test.status === "failed")
      .map((test) => `${file}: ${test.fullName}: ${firstLine(test.failureMessages[0])}`);
  });
}

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(tiers, name));
if (unknown.length > 0) {
  console.error(`no such tier: ${unknown.join(", ")}; there are ${Object.keys(tiers).join(", ")}`);
  process.exit(2);
}
const installed = await ensurePackages([...RUN_PACKAGES, ...TEST_PACKAGES]);
if (installed.length > 0) console.log(`installed ${installed.length} Debian packages`);
await ensureNodeModules();
await ensureBuilt();

/** @type {Counts} */
const sum = { passed: 0, failed: 0, skipped: 0 };
for (const [name, run] of Object.entries(tiers)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const began = Date.now();
  console.log(`== ${name}`);
  /** @type {Counts} */
  let counts;
  try {
    counts = await run();
  } catch (error) {
    failures.push(`${name}: could not run: ${error instanceof Error ? error.stack : error}`);
    counts = { passed: 0, failed: 1, skipped: 0 };
  }
  sum.passed += counts.passed;
  sum.failed += counts.failed;
  sum.skipped += counts.skipped;
  const seconds = ((Date.now() - began) / 1000).toFixed(0);
  const { passed, failed, skipped } = counts;
  console.log(`== ${name}: ${passed} passed, ${failed} failed, ${skipped} skipped in ${seconds} s`);
}
for (const line of failures) console.log(`failed: ${line}`);
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
process.exit(sum.failed === 0 ? 0 : 1);
