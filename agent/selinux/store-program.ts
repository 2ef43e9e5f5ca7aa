/**
 * For builders of images: makes the policy from Debian's modules and our sources in the tree where
 * it runs, proves it, and writes the store that the tree's first boot loads. Loads nothing itself.
 * Started as root in the tree, as `chroot TREE node /usr/lib/dsecos/selinux-store.js`; prints what
 * was made as JSON.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sharedTypes, trustedBase } from "./assumptions.ts";
import { buildPolicy, SPARE_SLOTS } from "./policy/build.ts";
import { writeStore } from "./policy/store.ts";
import { parsePolicy } from "./policydb/policy.ts";
import { prove } from "./proof/prove.ts";
import { slotsOf } from "./proof/tenants.ts";

async function main(): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), "dsecos-policy-"));
  try {
    const built = await buildPolicy({ tenants: [], spare: SPARE_SLOTS }, work);
    const policy = parsePolicy(await readFile(built.policy));
    const assumptions = { tenants: slotsOf(policy), trustedBase, shared: sharedTypes };
    const { proved, violations } = prove(policy, assumptions);
    if (!proved) throw new Error(`the policy is not proved: ${violations[0]?.sentence}`);
    const store = await writeStore(work);
    const { sha256, bytes, slots, typeIds, neverallows } = built;
    console.log(JSON.stringify({ store, sha256, bytes, slots, typeIds, neverallows }));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

main().catch((error: Error) => {
  console.error(`No policy was installed: ${error.message}`);
  process.exitCode = 1;
});
