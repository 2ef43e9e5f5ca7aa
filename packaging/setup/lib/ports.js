// @ts-check
import { createServer } from "node:net";

/**
 * @param {number} port 0 for any
 * @returns {Promise<number>} the port when it could be had on the loopback interface, else -1
 */
function tryPort(port) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", (error) => {
      const { code } = /** @type {NodeJS.ErrnoException} */ (error);
      if (code === "EADDRINUSE" || code === "EACCES") resolve(-1);
      else reject(error);
    });
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? (address?.port ?? -1) : -1));
    });
  });
}

/** @returns {Promise<number>} a port that nobody listens on now */
export function freePort() {
  return tryPort(0);
}

/** @param {number} port */
export async function portIsFree(port) {
  return (await tryPort(port)) === port;
}
