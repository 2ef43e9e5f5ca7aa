/** The part that the address names, loaded when it is not there yet. */
import { useEffect, useState } from "react";
import { PageError } from "../lib/errors.ts";
import { _ } from "../lib/i18n.ts";
import type { Part, Tab } from "./part.ts";

/** Parts that were loaded, for as long as the page is open. */
const loaded = new Map<string, Part>();

interface Shown {
  tab: Tab | undefined;
  /** Undefined until it is loaded. */
  part: Part | undefined;
  error: PageError | undefined;
  again: () => void;
}

/** @param key of a tab; the first one is meant where there is none such */
export function useTab(tabs: readonly Tab[], key: string): Shown {
  const tab = tabs.find((one) => one.key === key) ?? tabs[0];
  const [attempt, setAttempt] = useState(0);
  const [ended, setEnded] = useState<{ tab: Tab; error?: PageError }>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt asks again.
  useEffect(() => {
    if (tab?.load === undefined || loaded.has(tab.key)) return;
    let stale = false;
    tab.load().then(
      (part) => {
        loaded.set(tab.key, part);
        if (!stale) setEnded({ tab });
      },
      (cause) => {
        console.debug(tab.key, cause);
        if (!stale) setEnded({ tab, error: notThere() });
      },
    );
    return () => {
      stale = true;
    };
  }, [tab, attempt]);
  return {
    tab,
    part: tab && (tab.part ?? loaded.get(tab.key)),
    error: ended?.tab === tab ? ended?.error : undefined,
    again: () => {
      setEnded(undefined);
      setAttempt(attempt + 1);
    },
  };
}

/** A file of the page may have gone with the version that it belonged to. */
function notThere(): PageError {
  return new PageError(
    "Disconnected",
    _("This part of the page could not be loaded; reload the page."),
  );
}
