/** Which policy the store was written from: `confirmed.json` in the directory of policies. */
import { join } from "node:path";
import * as v from "valibot";
import { canonical } from "../../audit/canonical.ts";
import { replaceFile } from "../../audit/seal/files.ts";
import { readIfThere } from "../../audit/seal/key.ts";
import { policyHashSchema } from "./answers.ts";

const schema = v.strictObject({ policy: policyHashSchema, rules: policyHashSchema });

export type ConfirmedPolicy = v.InferOutput<typeof schema>;

export interface Confirmed {
  /** @returns undefined before the first. @throws Error in a sentence for a damaged file */
  get(): Promise<ConfirmedPolicy | undefined>;
  set(policy: ConfirmedPolicy): Promise<void>;
}

export function confirmedIn(directory: string): Confirmed {
  const file = join(directory, "confirmed.json");
  return {
    async get() {
      const text = await readIfThere(file);
      if (text === undefined) return undefined;
      try {
        return v.parse(schema, JSON.parse(text));
      } catch (cause) {
        throw new Error(`${file} cannot be understood; load a policy to write it anew`, { cause });
      }
    },
    set: (policy) => replaceFile(file, canonical(policy)),
  };
}
