/** Builds the Debian packages once for all files of a tier. */
import type { TestProject } from "vitest/node";
import { obstacle } from "../vm/qemu.ts";
import { buildPackages } from "./packages.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Paths of the packages, one each. */
    packages: string[];
  }
}

export async function setup(project: TestProject): Promise<void> {
  const isNeeded =
    process.env.DSECOS_TIER === "cluster" ? process.getuid?.() === 0 : obstacle() === "";
  project.provide("packages", isNeeded ? await buildPackages() : []);
}
