/**
 * Switching SELinux on, on a node that was installed without. In two stages, since files without
 * labels under a policy that is enforced make a node that does not start: the next start labels all
 * files and refuses nothing; once that is done, `--enforcing` makes it refuse.
 */
import { DsecosError } from "../../bus/errors.ts";
import {
  apparmor,
  bootLoader,
  type Check,
  check,
  kernel,
  labelled,
  logins,
  space,
  tools,
} from "./checks.ts";
import { instancesCheck } from "./instances-check.ts";
import type { Place } from "./place.ts";
import { policyCheck } from "./policy-check.ts";
import { type Step, stepsToEnable, stepsToEnforce } from "./steps.ts";

export type Stage = "enable" | "enforce" | "undo";

export const stepsOf: Record<Stage, (place: Place) => Step[]> = {
  enable: stepsToEnable,
  enforce: stepsToEnforce,
  undo: stepsToEnable,
};

export async function checksOf(stage: Stage, place: Place): Promise<Check[]> {
  if (stage === "undo") return [];
  const policy = check("policy", "Policy", () => policyCheck(place));
  const people = check("logins", "Logins", () => logins(place));
  if (stage === "enforce")
    return Promise.all([check("labels", "Labels", () => labelled(place)), policy, people]);
  return Promise.all([
    check("tools", "Programs", () => tools(place)),
    check("kernel", "Kernel", () => kernel(place)),
    policy,
    check("boot", "Boot loader", () => bootLoader(place)),
    check("apparmor", "AppArmor", () => apparmor(place)),
    check("space", "Space", () => space(place)),
    check("instances", "Instances", () => instancesCheck(place)),
    people,
  ]);
}

/**
 * Does all of it or nothing.
 *
 * @param told with the title of each step before it is done
 * @throws DsecosError with what failed; what could not be taken back is told as well
 */
export async function carryOut(steps: readonly Step[], told: (title: string) => void) {
  const begun: Step[] = [];
  try {
    for (const step of steps) {
      told(step.title);
      begun.unshift(step);
      await step.do();
    }
  } catch (cause) {
    const left = await takeBack(begun);
    const why = `${(cause as Error).message.replace(/\.$/, "")}.`;
    const rest = left.length === 0 ? "Nothing was changed." : left.join(" ");
    throw new DsecosError("Unavailable", `${why} ${rest}`, { cause });
  }
}

/** @returns what could not be taken back, in sentences */
export async function takeBack(steps: readonly Step[]): Promise<string[]> {
  const left: string[] = [];
  for (const step of steps) {
    try {
      await step.undo();
    } catch (error) {
      const why = (error as Error).message.replace(/\.$/, "");
      left.push(`This could not be taken back: ${step.title}: ${why}.`);
    }
  }
  return left;
}
