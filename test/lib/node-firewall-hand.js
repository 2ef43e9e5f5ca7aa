// @ts-check
/**
 * Runs inside of a network namespace and does there what it is told, a JSON line each: listens and
 * connects. Answers are lines with the same id.
 */
import { createSocket } from "node:dgram";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";

/** How long an answer may take that never has to leave this machine, in milliseconds. */
const patienceMs = 800;

/** @type {Map<string, import("node:net").Socket>} */
const held = new Map();

/**
 * @param {string} host
 * @param {number} port
 * @returns {Promise<import("node:net").Socket | undefined>} undefined where nobody answers
 */
function open(host, port) {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (/** @type {boolean} */ isOpen) => {
      clearTimeout(timer);
      socket.off("error", fail);
      // Whatever comes later, nobody waits for it.
      socket.on("error", () => undefined);
      if (!isOpen) socket.destroy();
      resolve(isOpen ? socket : undefined);
    };
    const fail = () => end(false);
    const timer = setTimeout(fail, patienceMs);
    socket.once("connect", () => end(true));
    socket.once("error", fail);
  });
}

/** @type {Record<string, (...args: any[]) => Promise<unknown>>} */
const acts = {
  /** Answers what it hears. */
  async listen(/** @type {number[]} */ tcp, /** @type {number[]} */ udp) {
    for (const port of tcp) {
      const server = createServer((socket) => {
        socket.on("error", () => socket.destroy());
        socket.pipe(socket);
      });
      await new Promise((done) => server.listen({ port, host: "::" }, () => done(undefined)));
    }
    for (const port of udp) {
      const socket = createSocket("udp4");
      socket.on("message", (message, from) => socket.send(message, from.port, from.address));
      await new Promise((done) => socket.bind(port, () => done(undefined)));
    }
  },
  async reaches(/** @type {string} */ host, /** @type {number} */ port) {
    const socket = await open(host, port);
    socket?.destroy();
    return socket !== undefined;
  },
  async answers(/** @type {string} */ host, /** @type {number[]} */ ports) {
    const heard = new Set();
    const sockets = ports.map((port) => {
      const socket = createSocket("udp4");
      socket.on("error", () => undefined);
      socket.on("message", () => heard.add(port));
      // The kernel refuses to send where a rule drops it: then nobody answers either.
      socket.send("?", port, host, () => undefined);
      return socket;
    });
    const until = Date.now() + patienceMs;
    while (heard.size < ports.length && Date.now() < until) {
      await new Promise((later) => setTimeout(later, 10));
    }
    for (const socket of sockets) socket.close();
    return [...heard].sort((one, other) => one - other);
  },
  /** Opens a connection that stays. */
  async hold(/** @type {string} */ name, /** @type {string} */ host, /** @type {number} */ port) {
    const socket = await open(host, port);
    if (socket !== undefined) held.set(name, socket);
    return socket !== undefined;
  },
  /** Whether the other end of a held connection still says the same back. */
  async echoes(/** @type {string} */ name) {
    const socket = held.get(name);
    if (socket === undefined) return false;
    return await new Promise((resolve) => {
      const heard = () => end(true);
      const end = (/** @type {boolean} */ answer) => {
        clearTimeout(timer);
        socket.off("data", heard);
        resolve(answer);
      };
      const timer = setTimeout(() => end(false), patienceMs);
      socket.once("data", heard);
      socket.write("?");
    });
  },
};

createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, act, args } = JSON.parse(line);
  const answer = async () => (await acts[act]?.(...args)) ?? null;
  answer().then(
    (value) => console.log(JSON.stringify({ id, value })),
    (error) => console.log(JSON.stringify({ id, error: String(error) })),
  );
});
