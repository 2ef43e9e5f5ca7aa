/** What a part of the page is: a tab with its own address and its own help. */
import type { ComponentType } from "react";
import type { DriversAnswer } from "../../agent/hsm/drivers/answers.ts";
import type { Place } from "../lib/location.ts";

export interface PartProps {
  place: Place;
  drivers: DriversAnswer;
  /** The agent could not be asked again. */
  stale: boolean;
}

export interface Part {
  /** Stands in the address: `#/<key>`. */
  key: string;
  title: () => string;
  /** What it is, and the commands that do the same. */
  help: () => { text: string; commands: string[] };
  Body: ComponentType<PartProps>;
}

export function partAddress(key: string): string {
  return `#/${key}`;
}

/** What stands in the row of tabs: a part, or how to get it. */
export type Tab = Pick<Part, "key" | "title"> &
  ({ part: Part; load?: undefined } | { part?: undefined; load: () => Promise<Part> });
