/** The TPM's part in sealing, in words. */
import type { Enrolment } from "../../tpm/evidence.ts";
import type { Alarm, PartStatus } from "../answers.ts";
import type { Trouble } from "./assess.ts";

export type TpmState =
  | { kind: "starting" }
  /** The node has no TPM, and never had one. */
  | { kind: "none"; path: string }
  | { kind: "good" }
  | { kind: "failing"; text: string; since: string }
  | { kind: "unsafe"; since: string }
  /** Until two people have decided. */
  | { kind: "blocked"; trouble: Trouble; text: string; since: string };

/** So long a failing TPM may be a passing trouble, in milliseconds. */
const patience = 10 * 60_000;

const acknowledge =
  "Find out what happened; then let two people agree to go on: dsecos audit acknowledge-tpm.";

export function tpmPart(
  state: TpmState,
  last: { size: number; time: string } | undefined,
  enrolment: Enrolment | undefined,
): PartStatus {
  const at = last?.time ?? "";
  switch (state.kind) {
    case "starting":
      return { state: "unknown", at, text: "The TPM is being looked at." };
    case "none":
      return {
        state: "warning",
        at,
        text: `This node has no TPM at ${state.path}: nothing but the log's own key and witnesses seal the log. Give the node a TPM, and enrol it.`,
      };
    case "failing": {
      const long = Date.now() - Date.parse(state.since) > patience;
      return { state: long ? "alarm" : "warning", at, text: state.text };
    }
    case "unsafe":
      return { state: "warning", at, text: unsafeText };
    case "blocked":
      return { state: "alarm", at, text: `${state.text} ${acknowledge}` };
    case "good": {
      const sealed =
        last === undefined
          ? "The TPM is enrolled and has not sealed yet."
          : `The TPM certified the log at ${last.size} events.`;
      if (enrolment?.software !== true) return { state: "ok", at, text: sealed };
      const flag =
        "It is a program: whoever has root on its host can copy it and set it back. Use a hardware TPM.";
      return { state: "warning", at, text: `${sealed} ${flag}` };
    }
  }
}

const unsafeText =
  "The TPM lost power, and its clock may be behind; it seals again by itself when the clock has passed what it showed before.";

export function tpmAlarms(state: TpmState): Alarm[] {
  if (state.kind === "blocked")
    return [{ kind: "tpm", since: state.since, text: state.text, todo: acknowledge }];
  if (state.kind !== "failing" || Date.now() - Date.parse(state.since) <= patience) return [];
  const todo = "See whether the TPM is there and the agent may use it: tpm2_getcap(1).";
  return [{ kind: "tpm", since: state.since, text: state.text, todo }];
}
