/** What a person chose in a table: columns stay in this browser, the selection in this page. */
import { useCallback, useMemo, useState } from "react";
import type { Column, Selection } from "./table.tsx";

function stored(key: string): string[] | undefined {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(key) ?? "null");
    if (Array.isArray(value)) return value.filter((item) => typeof item === "string");
  } catch (cause) {
    // Somebody else wrote there; the defaults serve as well.
    console.debug(key, cause);
  }
  return undefined;
}

/** @returns keys of the shown columns, and how to show or hide one. */
export function useShownColumns<Row>(
  table: string,
  columns: readonly Column<Row>[],
): [readonly string[], (key: string) => void] {
  const storageKey = `dsecos:columns:${table}`;
  const [shown, setShown] = useState<readonly string[]>(
    () => stored(storageKey) ?? columns.filter(({ optional }) => !optional).map(({ key }) => key),
  );
  const toggle = useCallback(
    (key: string) =>
      setShown((now) => {
        const next = now.includes(key) ? now.filter((other) => other !== key) : [...now, key];
        localStorage.setItem(storageKey, JSON.stringify(next));
        return next;
      }),
    [storageKey],
  );
  return [shown, toggle];
}

export function useSelection(): Selection {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const toggleAll = useCallback(
    (keys: string[], on: boolean) =>
      setChosen((now) => {
        const next = new Set(now);
        for (const key of keys) {
          if (on) next.add(key);
          else next.delete(key);
        }
        return next;
      }),
    [],
  );
  const toggle = useCallback((key: string, on: boolean) => toggleAll([key], on), [toggleAll]);
  return useMemo(() => ({ chosen, toggle, toggleAll }), [chosen, toggle, toggleAll]);
}
