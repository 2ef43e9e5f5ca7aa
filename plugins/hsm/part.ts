/** What a part of the page is given. */
import type { DriversAnswer } from "../../agent/hsm/drivers/answers.ts";
import type { Place } from "../lib/location.ts";
import type * as parts from "../lib/parts.ts";

export { partAddress } from "../lib/parts.ts";

export interface PartProps {
  place: Place;
  drivers: DriversAnswer;
  /** The agent could not be asked again. */
  stale: boolean;
}

export type Part = parts.Part<PartProps>;
export type Tab = parts.Tab<PartProps>;
