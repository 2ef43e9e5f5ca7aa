/** What those who know of ends tell about them. */
import type { Call } from "../../bus/call.ts";
import type { Ending, EndingSource } from "./answers.ts";

export interface Ends {
  rows: Ending[];
  /** Sentences about what could not be read; empty where all was. */
  missing: readonly string[];
}

export interface Source {
  source: EndingSource;
  /** polkit's action that one needs who asks for these things where they are at home. */
  action: string;
  /** @throws DsecosError where nothing of it could be read */
  ask(call: Call, now: number): Promise<Ends>;
}
