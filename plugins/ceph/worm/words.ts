/** Words and sums of what buckets hold until when. */
import type { Held, Retention } from "../../../agent/ceph/objects/retention/answers.ts";
import { _, language, ngettext, number, size } from "../../lib/i18n.ts";
import type { TagColor } from "../../lib/tag.tsx";

export const stateColors: Record<Held["state"], TagColor> = {
  known: "green",
  waiting: "grey",
  closed: "orange",
  failed: "red",
};

export function stateName(state: Held["state"]): string {
  const names = {
    known: _("looked at"),
    waiting: _("being looked at"),
    closed: _("waits to be removed"),
    failed: _("not known"),
  };
  return names[state];
}

export type Until = Held["until"][number];
export type Amount = Pick<Until, "objects" | "bytes">;

export function amountWords({ objects, bytes }: Amount): string {
  if (objects === 0) return _("nothing");
  return `${ngettext("$0 object", "$0 objects", objects)}, ${size(bytes / 1024)}`;
}

/** @param period a day, 2026-11-22, or a month, 2026-11 */
export function periodName(period: string): string {
  const [, month = "", day] = /^(\d{4}-\d{2})(-\d{2})?$/.exec(period) ?? [];
  if (month === "") return period;
  const options: Intl.DateTimeFormatOptions = day
    ? { dateStyle: "long", timeZone: "UTC" }
    : { year: "numeric", month: "long", timeZone: "UTC" };
  const format = new Intl.DateTimeFormat(language(), options);
  return format.format(Date.parse(`${month}${day ?? "-01"}`));
}

/** The next first: what is left of a month comes behind its days. */
export function inOrder(until: readonly Until[]): Until[] {
  const key = ({ period }: Until) => (period.length > 7 ? period : `${period}~`);
  return until.toSorted((one, other) => (key(one) < key(other) ? -1 : 1));
}

const sum = (amounts: readonly Amount[]): Amount => ({
  objects: amounts.reduce((total, { objects }) => total + objects, 0),
  bytes: amounts.reduce((total, { bytes }) => total + bytes, 0),
});

export interface Calendar {
  until: Until[];
  free: Amount;
  endable: Amount;
  legal: Amount;
  lost: number;
  /** Buckets of which something was not looked at, so that more may be held than is said. */
  partly: number;
}

/** What all buckets hold together, the next that can be deleted first. */
export function calendarOf(buckets: Retention["buckets"]): Calendar {
  const periods = new Map<string, Until[]>();
  for (const { until } of buckets) {
    for (const one of until) periods.set(one.period, [...(periods.get(one.period) ?? []), one]);
  }
  return {
    until: [...periods].map(([period, amounts]) => ({ period, ...sum(amounts) })),
    free: sum(buckets.map(({ free }) => free)),
    endable: sum(buckets.map(({ endable }) => endable)),
    legal: sum(buckets.map(({ legal }) => legal)),
    lost: buckets.reduce((total, { lost }) => total + lost, 0),
    partly: buckets.filter(({ complete, state }) => !complete || state === "failed").length,
  };
}

/** How sure the calendar of one bucket is. */
export function coverWords({ versions, asked, complete }: Held): string {
  const listed = ngettext("$0 version was listed", "$0 versions were listed", versions);
  const all = complete ? _("and these are all") : _("and there may be more");
  const told =
    asked < versions
      ? ngettext(
          "of $0 it was asked until when it is held; of the others that is counted from when they were written",
          "of $0 it was asked until when they are held; of the others that is counted from when they were written",
          asked,
        )
      : _("each was asked for until when it is held");
  return `${listed}, ${all}; ${told}.`;
}

export const hours = (count: number): string => ngettext("$0 hour", "$0 hours", count);

export const days = (count: number): string =>
  count > 0 ? ngettext("$0 day", "$0 days", count) : number(0);
