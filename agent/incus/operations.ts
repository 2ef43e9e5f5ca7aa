/** Background work of Incus: started by a request, followed until it ends. */
import type { Readable } from "node:stream";
import { DsecosError } from "../bus/errors.ts";
import type { IncusClient, RequestOptions } from "./client.ts";
import { errorOfAnswer } from "./errors.ts";

export interface Operation {
  id: string;
  status: string;
  /** 103 running, 200 success, 400 failure, 401 cancelled; others are on the way. */
  status_code: number;
  metadata: Record<string, unknown> | null;
  may_cancel: boolean;
  err: string;
}

export interface WaitOptions {
  /** Gives up waiting after so many milliseconds; the work itself goes on in Incus. */
  timeoutMs?: number;
  /** Asks Incus to cancel, where it can; waiting goes on until the work has ended. */
  signal?: AbortSignal | undefined;
  onProgress?: (text: string) => void;
}

const pollSeconds = 5;

/** @returns the operation's metadata. @throws DsecosError when it fails, or Timeout. */
export async function waitFor(
  client: IncusClient,
  path: string,
  options: WaitOptions = {},
): Promise<Record<string, unknown>> {
  const { timeoutMs = 600_000, signal, onProgress } = options;
  const base = path.split("?")[0] ?? path;
  const deadline = Date.now() + timeoutMs;
  let cancelled = false;
  for (;;) {
    if (signal?.aborted && !cancelled) {
      cancelled = true;
      await cancel(client, base);
    }
    const left = Math.ceil((deadline - Date.now()) / 1000);
    if (left <= 0) {
      throw new DsecosError(
        "Timeout",
        "Incus is still at it; look again in a moment before you repeat it.",
      );
    }
    const operation = await poll(client, base, Math.min(pollSeconds, left));
    if (operation.status_code === 200) return operation.metadata ?? {};
    if (operation.status_code === 401) {
      throw new DsecosError("Conflict", "Incus cancelled the operation.");
    }
    if (operation.status_code >= 400) {
      throw errorOfAnswer(operation.err, 500, { path: base });
    }
    const text = progressOf(operation.metadata);
    if (text !== "") onProgress?.(text);
  }
}

/** @returns the operation when it has ended, or as it stands after some seconds. */
async function poll(client: IncusClient, path: string, seconds: number): Promise<Operation> {
  try {
    try {
      return await client.get<Operation>(`${path}/wait`, {
        query: { timeout: String(seconds) },
        timeoutMs: (seconds + 10) * 1000,
        longPoll: true,
      });
    } catch (error) {
      // Incus 6.0 answers a wait that runs out with an error, as if the work had failed.
      if (!(error instanceof DsecosError) || error.code !== "Timeout") throw error;
      return await client.get<Operation>(path, { timeoutMs: 60_000 });
    }
  } catch (error) {
    if (!(error instanceof DsecosError) || error.code !== "NotFound") throw error;
    // Not the thing itself is unknown, only what came of the work: Incus forgets it after seconds.
    if (!/operation not found/i.test(String(error.cause))) throw error;
    const message = "What came of it is not known; look whether it was done, then try again.";
    throw new DsecosError("Unavailable", message, { cause: error });
  }
}

/** Sends a request that begins background work, and follows it. */
export async function run(
  client: IncusClient,
  method: "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  body?: object | Readable,
  options: RequestOptions & { wait?: WaitOptions } = {},
): Promise<Record<string, unknown>> {
  const { wait, ...request } = options;
  const answer = await client.send(method, path, body, request);
  if (answer.operation === "") return {};
  return waitFor(client, answer.operation, wait);
}

async function cancel(client: IncusClient, path: string): Promise<void> {
  try {
    await client.send("DELETE", path);
  } catch (error) {
    // Most operations cannot be cancelled once begun; the wait then tells how they ended.
    if (!(error instanceof DsecosError) || error.code === "Unavailable") throw error;
  }
}

/** Incus tells progress under keys that end in `_progress`, as text for people. */
function progressOf(metadata: Record<string, unknown> | null): string {
  for (const [key, value] of Object.entries(metadata ?? {})) {
    if (key.endsWith("_progress") && typeof value === "string") return value.slice(0, 200);
  }
  return "";
}
