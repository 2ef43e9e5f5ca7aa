// @ts-check
import { createReadStream, statSync } from "node:fs";
import http from "node:http";

/** An answer of Incus that is an error. */
export class IncusError extends Error {
  /**
   * @param {string} message
   * @param {number} status HTTP status, 0 when there was no answer
   */
  constructor(message, status) {
    super(`Incus: ${message}`);
    this.name = "IncusError";
    this.status = status;
  }
}

/**
 * A small client of one Incus daemon's socket, as much as the set-up needs.
 *
 * @param {string} socketPath
 */
export function incusApi(socketPath) {
  /**
   * @param {string} method
   * @param {string} path
   * @param {{ body?: unknown, file?: string, headers?: Record<string, string>, seconds?: number }} [options]
   * @returns {Promise<any>} the metadata of the answer; of the finished operation when there is one
   */
  async function request(method, path, options = {}) {
    const answer = await send(method, path, options);
    if (answer.type === "error") throw new IncusError(answer.error, answer.error_code);
    if (answer.type !== "async") return answer.metadata;
    const seconds = options.seconds ?? 60;
    const done = await send("GET", `${answer.operation}/wait?timeout=${seconds}`, {
      seconds: seconds + 5,
    });
    const operation = done.metadata;
    if (operation?.status_code !== 200)
      throw new IncusError(operation?.err || `${path} is not done after ${seconds} s`, 0);
    return operation.metadata;
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {{ body?: unknown, file?: string, headers?: Record<string, string>, seconds?: number }} options
   * @returns {Promise<any>}
   */
  function send(method, path, { body, file, headers = {}, seconds = 10 }) {
    return new Promise((resolve, reject) => {
      const text = body === undefined ? "" : JSON.stringify(body);
      const length = file === undefined ? Buffer.byteLength(text) : statSync(file).size;
      const call = http.request({
        socketPath,
        method,
        path,
        headers: { "Content-Length": length, ...headers },
        signal: AbortSignal.timeout(seconds * 1000),
      });
      call.on("error", (error) => reject(new IncusError(`${method} ${path}: ${error.message}`, 0)));
      call.on("response", (response) => {
        response.setEncoding("utf8");
        let answer = "";
        response.on("data", (part) => {
          answer += part;
        });
        response.on("error", reject);
        response.on("end", () => {
          try {
            resolve(JSON.parse(answer));
          } catch {
            reject(new IncusError(`${path} answered ${answer.slice(0, 200)}`, 0));
          }
        });
      });
      if (file === undefined) call.end(text);
      else createReadStream(file).on("error", reject).pipe(call);
    });
  }

  return {
    socketPath,
    request,

    /** @returns {Promise<boolean>} whether a daemon answers on the socket */
    async answers() {
      try {
        await send("GET", "/1.0", {});
        return true;
      } catch {
        return false; // not there, or not ready
      }
    },

    /**
     * @param {string} path
     * @returns {Promise<any>} null when Incus does not know it
     */
    async find(path) {
      try {
        return await request("GET", path);
      } catch (error) {
        if (error instanceof IncusError && error.status === 404) return null;
        throw error;
      }
    },
  };
}

/** @typedef {ReturnType<typeof incusApi>} IncusApi */
