/** Where copies of the log go that nobody on the node can change, and what is told about them. */
import * as v from "valibot";
import { remoteUrlSchema } from "../remote.ts";
import type { Content } from "./content.ts";

const path = v.pipe(v.string(), v.startsWith("/", "must be an absolute path"));

export const offloadSchema = v.union(
  [
    v.strictObject({
      /** On another file system than the log. */
      directory: path,
    }),
    v.strictObject({
      s3: v.strictObject({
        endpoint: v.pipe(
          remoteUrlSchema,
          v.regex(/^https?:\/\/[^/]+\/?$/, "must be http or https without a path"),
        ),
        /** Made with object lock; it cannot be switched on later everywhere. */
        bucket: v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/)),
        region: v.optional(v.pipe(v.string(), v.regex(/^[a-z0-9-]+$/)), "us-east-1"),
        /** Files of root's, each with one line; read for each round, never kept. */
        accessKeyFile: path,
        secretKeyFile: path,
        /** How long the store refuses to delete or change a copy, from when it is made. */
        retentionDays: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 400),
        /** File with certificates of the authorities to trust, PEM. */
        caFile: v.optional(path),
      }),
    }),
  ],
  "must be {directory} or {s3: {endpoint, bucket, …}}",
);

export type OffloadConfig = v.InferOutput<typeof offloadSchema>;
export type S3Config = Extract<OffloadConfig, { s3: unknown }>["s3"];

export interface Target {
  /** For people, without secrets. */
  readonly name: string;
  /** What else is to be known of the copies, in a sentence; empty for nothing. */
  readonly remark: string;
  /** Days that it refuses to change or delete a copy, from when it is made; 0 for none. */
  readonly days: number;
  /**
   * Looks whether the target can be used now.
   * @returns what keeps it from protecting anything, in a sentence; empty when nothing does
   * @throws OffloadError when it cannot be used
   */
  check(): Promise<string>;
  /**
   * Copies, and looks afterwards that it is there and held. What is there already is compared.
   * @param key names and slashes, the same for the same content
   * @throws Differs, OffloadError
   */
  store(key: string, content: Content, signal: AbortSignal): Promise<"stored" | "there">;
  close(): void;
}

/** It did not work, and is tried again; the message is a sentence that says what to do. */
export class OffloadError extends Error {
  override name = "OffloadError";
}

/** Under that name there is something else already, which is never overwritten. */
export class Differs extends Error {
  override name = "Differs";
}

export interface OffloadAlarm {
  kind: "offload.differs" | "offload.late";
  /** RFC 3339. */
  since: string;
  text: string;
  todo: string;
}

export interface OffloadStatus {
  state: "ok" | "warning" | "alarm" | "unknown";
  /** When all that there was had been copied or found there, RFC 3339; empty for never. */
  at: string;
  text: string;
  /** Files that are there, as far as this agent has looked. */
  files: number;
  bytes: number;
  alarms: OffloadAlarm[];
}
