/** How the command line ends, for scripts. */
import type { ErrorCode } from "../errors.ts";

export interface Exit {
  readonly code: number;
  readonly meaning: string;
  readonly errors: readonly ErrorCode[];
}

/** For a verification that found damage, and for a proof that cannot be given. */
export const notIntact = 8;

export const exits: readonly Exit[] = [
  { code: 0, meaning: "Done.", errors: [] },
  { code: 1, meaning: "Failed, or the job failed or was cancelled.", errors: ["Internal"] },
  {
    code: 2,
    meaning: "The command line or a value in it is not valid.",
    errors: ["InvalidArgument"],
  },
  { code: 3, meaning: "Not allowed to this person.", errors: ["Denied"] },
  { code: 4, meaning: "No such thing.", errors: ["NotFound"] },
  {
    code: 5,
    meaning: "In conflict with what is there, or beyond a quota.",
    errors: ["Conflict", "QuotaExceeded"],
  },
  { code: 6, meaning: "A second person must approve first.", errors: ["NeedsApproval"] },
  {
    code: 7,
    meaning: "The agent or an engine behind it did not answer.",
    errors: ["Unavailable", "Timeout"],
  },
  { code: notIntact, meaning: "What was verified is not intact, or not proved.", errors: [] },
];

export function exitCodeOf(error: ErrorCode): number {
  return exits.find((exit) => exit.errors.includes(error))?.code ?? 1;
}
