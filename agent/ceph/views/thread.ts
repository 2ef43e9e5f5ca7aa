/** What the agent and the thread that holds the facts say to each other. */
import type { ErrorCode } from "../../bus/errors.ts";
import type { Capacity, CapacityFilter } from "../capacity/answers.ts";
import type { Sample } from "../capacity/growth.ts";
import type { Encryption, EncryptionFilter } from "../encryption/answers.ts";
import type { TopologyFilter, TopologyPage } from "../topology/answers.ts";
import type { FactName } from "./facts.ts";

export interface Questions {
  topology: { ask: TopologyFilter; answer: TopologyPage };
  capacity: { ask: { filter: CapacityFilter; samples: readonly Sample[] }; answer: Capacity };
  encryption: { ask: EncryptionFilter; answer: Encryption };
  /** Names of daemons that can be asked for their settings. */
  daemons: { ask: Record<string, never>; answer: string[] };
}
export type QuestionName = keyof Questions;

/** A fact as Ceph wrote it; null where it could not be read, and why. */
export interface Put {
  fact: FactName | `settings ${string}`;
  /** When it was read, in ISO 8601. */
  at: string;
  bytes: Uint8Array | null;
  why: string;
}

export type Request = { put: readonly Put[] } & {
  id: number;
  kind: QuestionName;
  ask: Questions[QuestionName]["ask"];
};

export type Reply =
  | { id: number; answer: unknown }
  | { id: number; code: ErrorCode; message: string };
