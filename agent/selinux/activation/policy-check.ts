/** Whether the policy that the next start would load is whole, signed and proved. */
import { hash } from "node:crypto";
import { join } from "node:path";
import { DsecosError } from "../../bus/errors.ts";
import { sharedTypes, trustedBase } from "../assumptions.ts";
import { KeptPolicies } from "../loads/kept.ts";
import { signersDirectory, trustedSigners } from "../loads/key.ts";
import { POLICY_VERSION } from "../policy/compile.ts";
import { storeIn } from "../policy/store.ts";
import { readWhole } from "../policy-file.ts";
import { prove } from "../proof/prove.ts";
import { slotsOf } from "../proof/tenants.ts";
import { bad, type Check, good } from "./checks.ts";
import { type Place, systemOf, under } from "./place.ts";

type Found = Omit<Check, "id" | "title">;

const install =
  "Build a policy (dsecos selinux build) and install it (dsecos selinux load), or build the node from an image that has one.";

export async function policyCheck(place: Place): Promise<Found> {
  const store = storeIn(place.root);
  const file = join(store, `policy/policy.${POLICY_VERSION}`);
  const system = systemOf(place);
  for (const name of [`policy/policy.${POLICY_VERSION}`, "contexts/files/file_contexts", "seusers"])
    if (!(await system.exists(join("/etc/selinux", "enterprise", name))))
      return bad(`${join(store, name)} is not there.`, install);
  try {
    const { policy, bytes } = readWhole(file);
    const sha256 = hash("sha256", bytes, "hex");
    const kept = new KeptPolicies(under(place, place.policies));
    const trusted = await trustedSigners(kept.directory, under(place, signersDirectory));
    const { node, at } = await kept.statement(sha256, trusted);
    const verdict = prove(policy, {
      tenants: slotsOf(policy),
      ...{ trustedBase, shared: sharedTypes },
    });
    if (!verdict.proved)
      return bad(`It is not proved: ${verdict.violations[0]?.sentence}.`, install);
    const { tenants } = verdict.counts;
    return good(
      `Built on ${node} at ${at}, signed, and proved just now: none of ${tenants} slots reaches another.`,
    );
  } catch (error) {
    if (error instanceof DsecosError) return bad(error.message, install);
    throw error;
  }
}
