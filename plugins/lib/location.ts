/** Where the person is lives in the address, so that every view can be linked to. */
import { useCallback, useEffect, useState } from "react";
import type { LocationOptions } from "./cockpit.ts";
import { nodeOption } from "./host.ts";

export interface Place {
  readonly path: readonly string[];
  readonly options: Readonly<Record<string, readonly string[]>>;
}

export function place(): Place {
  const { path, options } = cockpit.location;
  const lists = Object.entries(options).map(([key, value]) => [
    key,
    Array.isArray(value) ? value : [value],
  ]);
  return { path: [...path], options: Object.fromEntries(lists) };
}

export function first(from: Place, option: string): string {
  return from.options[option]?.[0] ?? "";
}

/** Leaves out what is empty and writes a single value as such. */
function toOptions(options: Place["options"]): LocationOptions {
  const entries = Object.entries(options).flatMap(([key, values]) => {
    const kept = values.filter((value) => value !== "");
    const [only] = kept;
    if (only === undefined) return [];
    return [[key, kept.length === 1 ? only : [...kept]] as const];
  });
  return { ...Object.fromEntries(entries), ...nodeOption() };
}

export function go(path: readonly string[], options: Place["options"] = {}): void {
  cockpit.location.go([...path], toOptions(options));
}

/** Changes options of the present place without a new step in the history. */
export function adjust(changes: Place["options"]): void {
  const now = place();
  cockpit.location.replace([...now.path], toOptions({ ...now.options, ...changes }));
}

export function usePlace(): Place {
  const [current, setCurrent] = useState(place);
  const update = useCallback(() => setCurrent(place()), []);
  useEffect(() => {
    cockpit.addEventListener("locationchanged", update);
    return () => cockpit.removeEventListener("locationchanged", update);
  }, [update]);
  return current;
}
