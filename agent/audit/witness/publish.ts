/**
 * Publishes the newest checkpoint for the other nodes, which then hold what this one cannot take
 * back: as `user.dsecos.checkpoint` of the node's own cluster member, or of the server where there
 * is no cluster. Whatever comes of it, sealing goes on.
 */
import { apiPath, type IncusClient } from "../../incus/client.ts";
import { explain, type Log } from "../../log.ts";
import { parseCheckpoint } from "../tlog/checkpoint.ts";
import { parseNote } from "../tlog/note.ts";
import type { Sealing } from "./types.ts";

export const checkpointKey = "user.dsecos.checkpoint";

const intervalMs = 60_000;
/** Incus tells of each publication in an event of its own: that alone is no reason for another. */
const echoEvents = 1;
const echoMs = 60 * 60_000;

export interface PublisherOptions {
  client: Pick<IncusClient, "get" | "send">;
  sealing: Pick<Sealing, "onSealed">;
  /** The newest checkpoint, with the signatures that it has by now; empty when there is none. */
  newest: () => string;
  log: Log;
  now?: () => number;
}

interface Server {
  environment: { server_clustered: boolean; server_name: string };
}

interface Member {
  roles: string[];
  groups: string[];
  failure_domain: string;
  description: string;
}

export class Publisher {
  readonly #options: PublisherOptions;
  readonly #now: () => number;
  #published = { size: -1, at: Number.NEGATIVE_INFINITY };
  #trouble = "";
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #unlisten: (() => void) | undefined;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  start(): void {
    this.#unlisten = this.#options.sealing.onSealed(() => this.#schedule());
  }

  async stop(): Promise<void> {
    this.#unlisten?.();
    this.#unlisten = undefined;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#unlisten === undefined) return;
    const waitMs = Math.max(0, this.#published.at + intervalMs - this.#now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#running = this.publish();
    }, waitMs);
  }

  /** Publishes when there is something to tell. Never rejects. */
  async publish(): Promise<void> {
    const note = this.#options.newest();
    if (note === "") return;
    const now = this.#now();
    try {
      const { size } = parseCheckpoint(parseNote(note).text);
      const { size: before, at } = this.#published;
      if (size - before <= echoEvents && now - at < echoMs) return;
      this.#published.at = now;
      await this.#write(note);
      this.#published.size = size;
      this.#trouble = "";
    } catch (error) {
      // Once for each cause: Incus may be away for long.
      const trouble = explain(error);
      if (trouble !== this.#trouble) {
        this.#options.log("warning", "the checkpoint was not published to the other nodes", {
          error: trouble,
        });
      }
      this.#trouble = trouble;
    }
  }

  async #write(note: string): Promise<void> {
    const { client } = this.#options;
    const config = { [checkpointKey]: note };
    const { environment } = await client.get<Server>("/1.0");
    if (!environment.server_clustered) {
      await client.send("PATCH", "/1.0", { config });
      return;
    }
    const path = apiPath("cluster", "members", environment.server_name);
    const { metadata, etag } = await client.send<Member>("GET", path);
    // Incus merges the keys, and takes what else is left out as a wish to remove it.
    const { roles, groups, failure_domain, description } = metadata;
    const body = { roles, groups, failure_domain, description, config };
    await client.send("PATCH", path, body, { headers: { "If-Match": etag } });
  }
}
