/** A way to Incus that ends whoever is about to ask for a certain thing, before Incus hears of it. */

import { once } from "node:events";
import { connect, createServer } from "node:net";

export interface Gate {
  socketPath: string;
  /** Fulfilled when somebody asked for it. */
  asked: Promise<void>;
  close(): void;
}

/** @param request beginning of the request, for example `POST /1.0/storage-pools` */
export async function startGate(
  incusSocket: string,
  socketPath: string,
  request: string,
  atRequest: () => void,
): Promise<Gate> {
  let tell: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const server = createServer((near) => {
    const far = connect(incusSocket);
    near.on("data", (bytes: Buffer) => {
      if (!bytes.toString("latin1").startsWith(request)) {
        far.write(bytes);
        return;
      }
      atRequest();
      tell();
    });
    far.pipe(near);
    // Either end may break off: the other is told so.
    near.on("error", () => far.destroy());
    far.on("error", () => near.destroy());
    near.on("close", () => far.destroy());
  }).listen(socketPath);
  await once(server, "listening");
  return { socketPath, asked, close: () => void server.close() };
}
