/**
 * A fake of the kernel's booleans: keeps them in memory and writes the policy as the kernel would
 * show it, with their state in it.
 */
import { writeFileSync } from "node:fs";
import type { BooleanState, KernelBooleans } from "../../agent/selinux/settings/kernel.ts";
import { writePolicy } from "./policy-writer.ts";
import type { TenantPolicy } from "./tenant-policy.ts";

export class FakeBooleans implements KernelBooleans {
  readonly #policy: TenantPolicy;
  readonly #file: string;
  /** Values that somebody set and did not commit. */
  readonly pending = new Map<string, boolean>();
  /** Every change that was made, for example `off=1`. */
  readonly log: string[] = [];
  /** Called before each change; what it throws is the kernel's refusal. */
  before: (name: string, value: boolean) => void = () => {};
  /** Called after each change, before the policy is written. */
  after: (name: string, value: boolean) => void = () => {};

  constructor(policy: TenantPolicy, file: string) {
    this.#policy = policy;
    this.#file = file;
    this.write();
  }

  write(): void {
    writeFileSync(this.#file, writePolicy(this.#policy.model));
  }

  async all(): Promise<ReadonlyMap<string, BooleanState>> {
    const { booleans } = this.#policy.model;
    return new Map(
      Object.entries(booleans).map(([name, current]) => [
        name,
        { current, pending: this.pending.get(name) ?? current },
      ]),
    );
  }

  async set(name: string, value: boolean): Promise<void> {
    this.before(name, value);
    const { booleans } = this.#policy.model;
    for (const [other, waiting] of this.pending) booleans[other] = waiting;
    this.pending.clear();
    booleans[name] = value;
    this.log.push(`${name}=${value ? 1 : 0}`);
    this.after(name, value);
    this.write();
  }
}
