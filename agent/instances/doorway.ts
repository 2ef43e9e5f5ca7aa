/**
 * A unix socket through which exactly one program of one user comes in, once: it lies where nobody
 * can list, under a name that nobody can guess, with that user as the only one who may connect.
 */
import { randomBytes } from "node:crypto";
import { chmod, chown } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";

export interface Doorway {
  readonly path: string;
  /** Whoever came in, paused; undefined when nobody came in time or it was closed before. */
  readonly visitor: Promise<Socket | undefined>;
  close(): void;
}

/** @param uid who may come in, besides root */
export async function openDoorway(
  directory: string,
  uid: number,
  patienceMs: number,
): Promise<Doorway> {
  const path = join(directory, `${randomBytes(16).toString("hex")}.sock`);
  const server = createServer({ pauseOnConnect: true });
  let settle: (visitor: Socket | undefined) => void = () => undefined;
  const visitor = new Promise<Socket | undefined>((resolve) => {
    settle = resolve;
  });
  const close = () => {
    clearTimeout(timer);
    // Removes the socket file too.
    server.close();
    settle(undefined);
  };
  const timer = setTimeout(close, patienceMs);
  let taken = false;
  server.on("connection", (socket) => {
    if (taken) {
      socket.destroy();
      return;
    }
    taken = true;
    settle(socket);
    close();
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, resolve);
    });
    // Only the owner may write to it from the beginning, so that nobody can be faster than this.
    await chmod(path, 0o600);
    await chown(path, uid, -1);
  } catch (error) {
    close();
    throw error;
  }
  server.on("error", close);
  return { path, visitor, close };
}
