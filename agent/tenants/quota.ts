/**
 * Our own count against the quotas, besides that of Incus: what is promised already plus what is
 * being created right now. It is checked and reserved in one synchronous step, so that no number of
 * parallel requests gets past a limit together.
 */
import { DsecosError } from "../bus/errors.ts";
import { type Amount, exceeding, nothing, plus } from "./amounts.ts";
import { formatKib } from "./quantities.ts";

/** What is known of a tenant's use; the view of the tenants implements it. */
export interface Usage {
  limit: Amount;
  promised: Amount;
}

export interface Ledger {
  /** @throws NotFound */
  usage(tenant: string): Usage;
  /** Adds to what is promised, until the next reading of Incus tells the truth. */
  adjust(tenant: string, delta: Amount): void;
}

/** Room that is held for one request until each part of it is made or given up. */
export interface Reservation {
  /** It exists now: counts as promised from here on. */
  kept(name: string): void;
  /** It will not exist. */
  dropped(name: string): void;
  /** Gives up all that is left. */
  close(): void;
}

interface Held {
  readonly amount: Amount;
  /** True once a reading of Incus found it, so that it is not counted twice. */
  counted: boolean;
}

export class QuotaGuard {
  readonly #ledger: Ledger;
  readonly #held = new Map<string, Map<string, Held>>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  hasPending(tenant: string): boolean {
    return this.#held.has(tenant);
  }

  /** Tells which instances a reading of Incus found: those are part of what is promised now. */
  found(tenant: string, names: ReadonlySet<string>): void {
    for (const [name, held] of this.#held.get(tenant) ?? []) held.counted = names.has(name);
  }

  /** What is held right now, on top of what is promised. */
  held(tenant: string): Amount {
    let sum: Amount = nothing;
    for (const { amount, counted } of this.#held.get(tenant)?.values() ?? []) {
      if (!counted) sum = plus(sum, amount);
    }
    return sum;
  }

  /** @throws QuotaExceeded, Conflict when one of the names is being created already. */
  reserve(tenant: string, wanted: ReadonlyMap<string, Amount>): Reservation {
    const { limit, promised } = this.#ledger.usage(tenant);
    const held = this.#held.get(tenant) ?? new Map<string, Held>();
    let asked: Amount = nothing;
    for (const [name, amount] of wanted) {
      if (held.has(name)) {
        throw new DsecosError(
          "Conflict",
          `“${name}” of ${tenant} is being worked on; wait for it.`,
        );
      }
      asked = plus(asked, amount);
    }
    const before = plus(promised, this.held(tenant));
    const growing = exceeding(limit, plus(before, asked)).filter((key) => asked[key] > 0);
    if (growing[0] !== undefined) throw exceeded(tenant, growing[0], limit, before, asked);
    for (const [name, amount] of wanted) held.set(name, { amount, counted: false });
    this.#held.set(tenant, held);
    return this.#reservation(tenant, held, new Set(wanted.keys()));
  }

  #reservation(tenant: string, held: Map<string, Held>, open: Set<string>): Reservation {
    const end = (name: string, exists: boolean) => {
      const part = held.get(name);
      if (!open.delete(name) || part === undefined) return;
      held.delete(name);
      if (held.size === 0) this.#held.delete(tenant);
      if (exists && !part.counted) this.#ledger.adjust(tenant, part.amount);
    };
    return {
      kept: (name) => end(name, true),
      dropped: (name) => end(name, false),
      close: () => {
        for (const name of [...open]) end(name, false);
      },
    };
  }
}

const words = { cpu: "CPU", ramKib: "RAM", storageKib: "storage" } as const;

/** To whom it is promised. */
const holders = {
  cpu: "instances",
  ramKib: "instances",
  storageKib: "instances and volumes",
} as const;

function show(key: keyof Amount, value: number): string {
  return key === "cpu" ? String(value) : formatKib(value);
}

/** A quota that would be below what is promised already. */
export function belowPromised(tenant: string, used: Amount, keys: (keyof Amount)[]): DsecosError {
  const said = keys.map(
    (key) => `${show(key, used[key])} of ${words[key]} is promised to its ${holders[key]}`,
  );
  return new DsecosError(
    "QuotaExceeded",
    `The quota of ${tenant} cannot be that low: ${said.join(", ")}; resize or delete some first.`,
  );
}

function exceeded(
  tenant: string,
  key: keyof Amount,
  limit: Amount,
  before: Amount,
  asked: Amount,
): DsecosError {
  return new DsecosError(
    "QuotaExceeded",
    `${tenant} may have ${show(key, limit[key])} of ${words[key]}, ${show(key, before[key])} is ` +
      `promised and ${show(key, asked[key])} was asked for: ` +
      `${show(key, Math.max(0, limit[key] - before[key]))} is left; ask for less or raise the quota.`,
  );
}

/** One sentence for each limit that is exceeded already, as found behind our back. */
export function overQuota({ limit, promised }: Usage): string[] {
  return exceeding(limit, promised).map(
    (key) =>
      `Its ${holders[key]} are promised ${show(key, promised[key])} of ${words[key]}, more than the ` +
      `quota of ${show(key, limit[key])}; resize or delete some, or raise the quota.`,
  );
}
