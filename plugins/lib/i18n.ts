/** Text, numbers and times in the language of the page. */

export const _ = (text: string): string => cockpit.gettext(text);

export const ngettext = (one: string, many: string, count: number): string =>
  format(cockpit.ngettext(one, many, count), number(count));

/** Puts values in place of `$0`, `$1` and so on. */
export function format(template: string, ...values: (string | number)[]): string {
  return template.replace(/\$([0-9])/g, (whole, index: string) => {
    const value = values[Number(index)];
    return value === undefined ? whole : String(value);
  });
}

/** Language as Intl wants it; Cockpit writes `pt_BR`. */
export function language(): string {
  return (cockpit.language ?? "en").replace("_", "-");
}

/** Tells assistive technology and the layout what language and direction the page has. */
export function applyLanguage(): void {
  document.documentElement.lang = language();
  document.documentElement.dir = cockpit.language_direction === "rtl" ? "rtl" : "ltr";
}

const made = new Map<string, unknown>();

/** Intl formatters are slow to make (about 0.1 ms) and a table needs thousands of calls. */
function once<T>(key: string, make: () => T): T {
  const full = `${language()} ${key}`;
  const found = made.get(full) as T | undefined;
  if (found !== undefined) return found;
  const fresh = make();
  made.set(full, fresh);
  return fresh;
}

export function number(value: number, digits = 0): string {
  const options = { maximumFractionDigits: digits };
  return once(`number ${digits}`, () => new Intl.NumberFormat(language(), options)).format(value);
}

/** @param share 0 to 1 */
export function percent(share: number): string {
  const options = { style: "percent", maximumFractionDigits: 0 } as const;
  return once("percent", () => new Intl.NumberFormat(language(), options)).format(share);
}

const binary = ["KiB", "MiB", "GiB", "TiB", "PiB"] as const;
/** Only the large ones: a small measured size is near some whole number of kB by chance. */
const decimal = [
  ["PB", 1000 ** 5],
  ["TB", 1000 ** 4],
  ["GB", 1000 ** 3],
] as const;

/**
 * A size for people. Whole in powers of 1000 where people wrote it so (1TB), else powers of 1024.
 */
export function size(kib: number): string {
  if (kib <= 0) return number(0);
  return wholeDecimal(kib) ?? inUnits(kib, 1024, binary);
}

function inUnits(value: number, step: number, units: readonly string[]): string {
  let rest = value;
  let unit = 0;
  while (rest >= step && unit < units.length - 1) {
    rest /= step;
    unit += 1;
  }
  return `${number(rest, rest >= 100 ? 0 : 1)} ${units[unit]}`;
}

function wholeDecimal(kib: number): string | undefined {
  for (const [unit, factor] of decimal) {
    const whole = Math.round((kib * 1024) / factor);
    // KiB are rounded down, so a whole number of TB comes back up to 1 KiB short.
    if (whole >= 1 && whole < 1000 && Math.abs(whole * factor - kib * 1024) < 1024) {
      return `${number(whole)} ${unit}`;
    }
  }
  return undefined;
}

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** For example “3 minutes ago”, or “in 2 hours” for what is still to come. */
export function relativeTime(iso: string, now = Date.now()): string {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return "";
  const seconds = (at - now) / 1000;
  const words = once(
    "relative",
    () => new Intl.RelativeTimeFormat(language(), { numeric: "auto" }),
  );
  for (const [unit, length] of steps) {
    if (Math.abs(seconds) >= length) return words.format(Math.trunc(seconds / length), unit);
  }
  return Math.abs(seconds) < 5 ? _("just now") : words.format(Math.trunc(seconds), "second");
}

export function dateTime(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const options = { dateStyle: "medium", timeStyle: "medium" } as const;
  return once("dateTime", () => new Intl.DateTimeFormat(language(), options)).format(at);
}
