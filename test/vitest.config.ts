import { resolve } from "node:path";
import { defineConfig } from "vitest/config";

const tier = process.env.DSECOS_TIER ?? "";

export default defineConfig({
  root: resolve(import.meta.dirname, ".."),
  test: {
    include: ["test/*/**/*.test.{ts,tsx}"],
    // In other tiers files share daemons; they take turns, so that one cannot disturb another. Each
    // file about machines has one of its own, which keeps one processor busy most of the time.
    fileParallelism: ["unit", "vm"].includes(tier),
    globalSetup: ["cluster", "vm"].includes(tier) ? ["test/cluster/packages-setup.ts"] : [],
    // Its modules import style sheets, which Node cannot load by itself.
    server: { deps: { inline: [/@patternfly/] } },
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: ["default"],
  },
});
