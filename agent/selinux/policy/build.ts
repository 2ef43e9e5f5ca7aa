/** From Debian's modules, our base and the tenants to a policy that the compiler proved. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Compiled, compile } from "./compile.ts";
import { convertModules, debianModules, modulesOf, readModuleList } from "./debian.ts";
import { generate } from "./generate.ts";
import { debianTools, type Tools } from "./program.ts";
import type { SlotPlan } from "./slots.ts";

/** Free slots that a policy has beside the tenants'. */
export const SPARE_SLOTS = 64;

export interface Places {
  /** The folder policies/selinux, as it is installed. */
  readonly own: string;
  /** Debian's modules, packed. */
  readonly modules: string;
  readonly tools: Tools;
}

export const installed: Places = {
  own: "/usr/share/dsecos/selinux",
  modules: debianModules,
  tools: debianTools,
};

/**
 * Takes some 2 s for 10 tenants and 5 s for 1,000. The modules are read anew each time, as an update
 * of Debian's package may have changed them.
 *
 * @param output directory for `policy.33` and `file_contexts`
 * @throws SlotError for tenants that do not fit together, and all that {@link compile} throws
 */
export async function buildPolicy(
  plan: SlotPlan,
  output: string,
  places: Places = installed,
): Promise<Compiled> {
  const generated = generate(plan);
  await mkdir(output, { recursive: true, mode: 0o755 });
  const work = await mkdtemp(join(output, ".modules-"));
  try {
    const names = modulesOf(await readModuleList(join(places.own, "modules.json")));
    const modules = await convertModules(names, places.modules, work, places.tools);
    return await compile({ modules, own: places.own, generated }, output, places.tools);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
