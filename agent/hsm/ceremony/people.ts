/** Who takes part in a ceremony, and whether those who confirmed a step may still say so. */
import type { People } from "../../approvals/people.ts";
import { candidates, checkQuorum, type Person, personBehind } from "../../approvals/quorum.ts";
import type { Caller } from "../../bus/call.ts";
import { DsecosError } from "../../bus/errors.ts";
import type { CeremonyAct } from "./acts.ts";
import type { CeremonyState, StepState } from "./state.ts";

interface Asked {
  people: People;
  quorum: (tenant: string) => Promise<unknown>;
  acts: readonly CeremonyAct[];
}

/** @returns why the step is not carried out, one sentence; empty where it may be */
export async function refusalOf(
  { people, quorum, acts }: Asked,
  { started: { rehearsal, options } }: CeremonyState,
  { script, confirmations }: StepState,
): Promise<string> {
  const officers = await people.officers();
  const lost = confirmations.filter((one) => !isAmong(officers, personBehind(one)));
  if (lost.length > 0) {
    const names = lost.map(({ user }) => user).join(", ");
    return `The confirmation of ${names} counts no more, since that person is no security officer now; confirm the step anew.`;
  }
  const { tenant } = options;
  const isRuled = acts.some(({ name, isRuled }) => name === script.act && isRuled === true);
  if (!isRuled || rehearsal || tenant === undefined) return "";
  try {
    const rule = checkQuorum(await quorum(tenant), [], officers);
    const may = candidates(rule, officers);
    const confirmed = confirmations.map(personBehind);
    // One of them is who asks, and the others approve.
    const isEnough = confirmed.some(
      (asking) =>
        confirmed.filter((one) => one !== asking && isAmong(may, one)).length >= rule.needed,
    );
    if (isEnough) return "";
    const names = may.map(({ user }) => user).join(", ");
    return `The rules of ${tenant} let ${rule.needed} of ${names} approve this, beside who asks; ask for it without a ceremony, and they are asked.`;
  } catch (error) {
    if (error instanceof DsecosError && error.code === "Denied") return error.message;
    throw error;
  }
}

/** @throws DsecosError Denied for who is no officer, or where there are fewer than needed */
export async function needOfficer(people: People, caller: Caller, needed = 1): Promise<void> {
  const officers = await people.officers();
  if (!isAmong(officers, personBehind(caller))) {
    const what = `${caller.user} is no security officer by himself; log in as one to take part in a ceremony.`;
    throw new DsecosError("Denied", what);
  }
  if (officers.length >= needed) return;
  const what = `A ceremony takes ${needed} security officers, and this node has ${officers.length}.`;
  throw new DsecosError("Denied", what);
}

function isAmong(people: readonly Person[], uid: number): boolean {
  return people.some((one) => one.uid === uid);
}
