import { resolve } from "node:path";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: resolve(import.meta.dirname, ".."),
  test: {
    include: ["test/*/**/*.test.{ts,tsx}"],
    // Tiers other than unit share daemons; files take turns, so that one cannot disturb another.
    fileParallelism: process.env.DSECOS_TIER === "unit",
    // Its modules import style sheets, which Node cannot load by itself.
    server: { deps: { inline: [/@patternfly/] } },
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: ["default"],
  },
});
