/** One use of a key: counted, on record, and in the words of people where it fails. */
import type { Call } from "../../bus/call.ts";
import type { Driver } from "../driver/types.ts";
import { asking } from "../errors.ts";
import type { Token } from "../parts.ts";
import type { Meter } from "./meter.ts";
import type { Prepared } from "./prepare.ts";
import type { Receipt } from "./receipt.ts";

/** What a receipt says beside where it took place. */
export interface Use {
  /** Empty and 0 for what needs no key. */
  readonly key: string;
  readonly version: number;
  readonly operation: string;
  readonly purpose: string;
  readonly count: number;
  readonly bytes: number;
  /** Object of the AES key that encrypts, where the operation does. */
  readonly encrypts?: string | undefined;
}

/** Uses a token between two readings of its counters. @throws DsecosError */
export function atToken<T>(
  { call, meter }: { call: Pick<Call, "note">; meter: Meter },
  found: Pick<Prepared, "token" | "decision" | "doubt"> & Partial<Pick<Prepared, "still">>,
  use: Use,
  work: (driver: Driver, label: string) => Promise<T>,
): Promise<T> {
  const { token, decision, doubt } = found;
  const { encrypts, ...said } = use;
  return meter.during(token, async (reading) => {
    await found.still?.();
    if (encrypts !== undefined) meter.encrypting(token, encrypts, use.count);
    const place = { token: token.id, reading, rule: decision.rule };
    note(call, { ...said, ...place, ...(doubt === undefined ? {} : { doubt }) });
    return await asking(askedOf(token), () => work(token.driver, token.label));
  });
}

/** Uses a public key, which needs no token and counts nowhere else. @throws DsecosError */
export function withPublic<T>(
  call: Call,
  { token, decision, doubt }: Prepared,
  use: Use,
  work: (driver: Driver) => Promise<T>,
): Promise<T> {
  const place = { token: "", reading: "", rule: decision.rule };
  note(call, { ...use, ...place, ...(doubt === undefined ? {} : { doubt }) });
  return asking(askedOf(token), () => work(token.driver));
}

/** Before the driver is asked: what fails was begun, and the counter may have it. */
function note(call: Pick<Call, "note">, receipt: Receipt): void {
  call.note({ receipt });
}

export function askedOf(token: Token): { driver: string; token: string } {
  return { driver: token.driver.name, token: token.id };
}
