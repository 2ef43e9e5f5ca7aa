import { resolve } from "node:path";
import { defineConfig } from "vitest/config";

const tier = process.env.DSECOS_TIER ?? "";
const stacks: number = JSON.parse(process.env.DSECOS_TEST_STACKS ?? "[]").length;

export default defineConfig({
  root: resolve(import.meta.dirname, ".."),
  test: {
    include: ["test/*/**/*.test.{ts,tsx}"],
    // Files share daemons, or a processor that is emulated by all there are. Where there is one, they
    // take turns; where each worker has daemons of its own, two run side by side.
    fileParallelism: tier === "unit" || stacks > 1,
    ...(stacks > 1 ? { maxWorkers: stacks } : {}),
    setupFiles: stacks > 0 ? ["test/lib/worker-stack.ts"] : [],
    globalSetup: ["cluster", "vm"].includes(tier) ? ["test/cluster/packages-setup.ts"] : [],
    // Its modules import style sheets, which Node cannot load by itself.
    server: { deps: { inline: [/@patternfly/] } },
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: ["default"],
  },
});
