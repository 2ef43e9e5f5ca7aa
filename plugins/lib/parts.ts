/** Parts of a page: tabs with an address and a help of their own, some loaded when they are shown. */
import { type ComponentType, useEffect, useState } from "react";
import { PageError } from "./errors.ts";
import { _ } from "./i18n.ts";

export interface Part<Props> {
  /** Stands in the address: `#/<key>`. */
  key: string;
  title: () => string;
  /** What it is, and the commands that do the same. */
  help: () => { text: string; commands: string[] };
  Body: ComponentType<Props>;
}

/** What stands in the row of tabs: a part, or how to get it. */
export type Tab<Props> = Pick<Part<Props>, "key" | "title"> &
  (
    | { part: Part<Props>; load?: undefined }
    | { part?: undefined; load: () => Promise<Part<Props>> }
  );

/** Parts that belong together, of a page that has many. */
export interface TabGroup<Props> {
  key: string;
  title: () => string;
  tabs: readonly [Tab<Props>, ...Tab<Props>[]];
}

export function partAddress(key: string): string {
  return `#/${key}`;
}

/** There from the beginning, since everybody looks at it. */
export function here<Props>(part: Part<Props>): Tab<Props> {
  return { key: part.key, title: part.title, part };
}

/** What is in a file of its own, which is loaded when it is shown. */
export interface Source<T> {
  load: () => Promise<T>;
}

/** Between two tries, in milliseconds. */
const pauses = [200, 1000];

/** Tries again before anybody is told: when the network changes, a browser cuts off all that is on its way. */
export async function loadPatiently<T>(load: () => Promise<T>): Promise<T> {
  for (const pause of pauses) {
    try {
      return await load();
    } catch (cause) {
      console.debug("part", cause);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
  return load();
}

/** What was loaded, for as long as the page is open. */
const loaded = new WeakMap<object, unknown>();

interface Loaded<T> {
  /** Undefined until it is loaded. */
  value: T | undefined;
  error: PageError | undefined;
  again: () => void;
}

export function useLoaded<T>(source: Source<T> | undefined): Loaded<T> {
  const [attempt, setAttempt] = useState(0);
  const [ended, setEnded] = useState<{ source: Source<T>; error?: PageError }>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt asks again.
  useEffect(() => {
    if (source === undefined || loaded.has(source)) return;
    let stale = false;
    loadPatiently(source.load).then(
      (value) => {
        loaded.set(source, value);
        if (!stale) setEnded({ source });
      },
      (cause) => {
        console.debug("part", cause);
        if (!stale) setEnded({ source, error: notThere() });
      },
    );
    return () => {
      stale = true;
    };
  }, [source, attempt]);
  return {
    value: source && (loaded.get(source) as T | undefined),
    error: ended?.source === source ? ended?.error : undefined,
    again: () => {
      setEnded(undefined);
      setAttempt(attempt + 1);
    },
  };
}

interface Shown<Props> extends Omit<Loaded<Part<Props>>, "value"> {
  tab: Tab<Props> | undefined;
  /** Undefined until it is loaded. */
  part: Part<Props> | undefined;
}

/** @param key of a tab; the first one is meant where there is none such */
export function useTab<Props>(tabs: readonly Tab<Props>[], key: string): Shown<Props> {
  const tab = tabs.find((one) => one.key === key) ?? tabs[0];
  const { value, ...rest } = useLoaded(tab?.load ? tab : undefined);
  return { ...rest, tab, part: tab?.part ?? value };
}

/** A file of the page may have gone with the version that it belonged to. */
function notThere(): PageError {
  return new PageError(
    "Disconnected",
    _("This part of the page could not be loaded; reload the page."),
  );
}
