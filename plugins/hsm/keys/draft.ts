/** A key as a person describes it, before it is made. */
import { type Algorithm, algorithms } from "../../../agent/hsm/algorithms.ts";
import {
  type KeySpec,
  keySpecSchema,
  rotationDaysSchema,
} from "../../../agent/hsm/keys/answers.ts";
import { tenantNameSchema } from "../../../agent/tenants/names.ts";
import { problemOf } from "../../lib/check.ts";
import { _ } from "../../lib/i18n.ts";

/** As typed. */
export interface KeyDraft {
  tenant: string;
  name: string;
  algorithm: Algorithm;
  /** Empty for any. */
  region: string;
  driver: string;
  /** Days as the browser writes them, 2026-01-31; empty for at once, and for never. */
  activate: string;
  expire: string;
  rotateDays: string;
}

export const blank: KeyDraft = {
  tenant: "",
  name: "",
  algorithm: algorithms[0],
  region: "",
  driver: "",
  activate: "",
  expire: "",
  rotateDays: "365",
};

/** A day begins at midnight UTC, on every node alike. */
function timeOf(day: string): string {
  return `${day}T00:00:00.000Z`;
}

export function specOf(draft: KeyDraft): KeySpec {
  const { name, algorithm, region, driver, activate, expire, rotateDays } = draft;
  return {
    ...{ name, algorithm, rotateDays: daysOf(rotateDays) },
    ...(region && { region }),
    ...(driver && { driver }),
    ...(activate && { activateAt: timeOf(activate) }),
    ...(expire && { expireAt: timeOf(expire) }),
  };
}

function daysOf(text: string): number {
  return text.trim() === "" ? Number.NaN : Number(text);
}

/** What is wrong with each field, in the contract's words; empty where nothing is. */
export function draftProblems(draft: KeyDraft, now: number): Record<keyof KeyDraft, string> {
  const { activate, expire } = draft;
  const begins = activate ? Date.parse(timeOf(activate)) : now;
  const late = expire !== "" && Date.parse(timeOf(expire)) <= begins;
  return {
    tenant: problemOf(tenantNameSchema, draft.tenant),
    name: problemOf(keySpecSchema.entries.name, draft.name),
    ...{ algorithm: "", region: "", driver: "" },
    activate:
      activate !== "" && begins <= now ? _("This day is over; leave it out for at once.") : "",
    expire: late ? _("It would expire before it can be used.") : "",
    rotateDays: problemOf(rotationDaysSchema, daysOf(draft.rotateDays)),
  };
}
