/** Whether the TPM is still the one that sealed before, and where it should be. */
import { findKey, sameEndorsementKey } from "../../tpm/enrol.ts";
import { code, TpmError } from "../../tpm/errors.ts";
import type { Enrolment } from "../../tpm/evidence.ts";
import { nvPublic, readCounter } from "../../tpm/nv.ts";
import { readClock } from "../../tpm/platform.ts";
import type { Clock } from "../../tpm/structures.ts";
import type { Transport } from "../../tpm/transport.ts";

/** What the TPM last showed. */
export interface Shown {
  counter: bigint;
  /** Undefined right after the enrolment. */
  clock: Clock | undefined;
}

/**
 * `replaced`: another TPM; `cleared`: the same without its key or counter; `back`: its counter or
 * clock is behind what it showed; `ahead`: its counter is, so the log is an older copy, or somebody
 * else counts; `password`, `enrolment`: files of the log that belong to it are missing.
 */
export type Trouble = "replaced" | "cleared" | "back" | "ahead" | "password" | "enrolment";

export type Assessment =
  | { kind: "good"; ak: number; counter: bigint }
  /** After power failed, its clock may be behind what it showed, for minutes. */
  | { kind: "unsafe" }
  | { kind: "trouble"; trouble: Trouble; text: string };

/**
 * @param shown by the last seal of this enrolment; undefined before the first
 * @param ahead by how much the counter may be ahead: 1 where an agent may have died while sealing
 */
export async function assess(
  transport: Transport,
  enrolment: Enrolment,
  password: Buffer,
  shown: Shown | undefined,
  ahead: bigint,
): Promise<Assessment> {
  const ak = await findKey(transport, enrolment.name);
  if (ak === undefined) {
    const same = await sameEndorsementKey(transport, enrolment);
    return same
      ? trouble("cleared", "The TPM was cleared: its key for this log is gone.")
      : trouble("replaced", "The TPM is another one than the one that was enrolled.");
  }
  const index = await nvPublic(transport, enrolment.counterIndex);
  if (index?.name.toString("hex") !== enrolment.counterName)
    return trouble("cleared", "The TPM's counter for this log is gone.");
  let counter: bigint | undefined;
  try {
    counter = await readCounter(transport, enrolment.counterIndex, password);
  } catch (error) {
    if (!(error instanceof TpmError) || error.code !== code.badAuth) throw error;
    return trouble("password", "The TPM's counter has another password than the log knows.");
  }
  if (counter === undefined) return trouble("cleared", "The TPM's counter for this log is gone.");
  const clock = await readClock(transport);
  if (shown !== undefined) {
    const problem = behind(counter, clock, shown);
    if (problem !== undefined) return trouble("back", problem);
    if (counter > shown.counter + ahead) {
      const text = `The TPM has counted to ${counter}, the log's last seal by it to ${shown.counter}: the log is an older copy, or somebody else has used the counter.`;
      return trouble("ahead", text);
    }
  }
  return clock.safe ? { kind: "good", ak, counter } : { kind: "unsafe" };
}

function behind(counter: bigint, clock: Clock, shown: Shown): string | undefined {
  if (counter < shown.counter)
    return `The TPM was set back: its counter is at ${counter} and was at ${shown.counter}.`;
  const before = shown.clock;
  if (before === undefined) return undefined;
  const restarts = clock.resetCount === before.resetCount ? clock.restartCount : undefined;
  if (clock.resetCount < before.resetCount)
    return `The TPM was set back: it counts ${clock.resetCount} resets and counted ${before.resetCount}.`;
  if (restarts !== undefined && restarts < before.restartCount)
    return `The TPM was set back: it counts ${restarts} restarts and counted ${before.restartCount}.`;
  // A clock that is not safe may honestly be behind.
  if (clock.safe && clock.clock < before.clock)
    return `The TPM was set back: its clock is at ${clock.clock} ms and was at ${before.clock} ms.`;
  return undefined;
}

function trouble(kind: Trouble, text: string): Assessment {
  return { kind: "trouble", trouble: kind, text };
}
