/** QEMU's own control socket. */
import { createConnection } from "node:net";
import { createInterface } from "node:readline";

/**
 * Has QEMU do one thing of its monitor, such as `savevm booted`.
 *
 * @param socket where QEMU listens for QMP
 * @param line as a person would type it at the monitor
 * @returns what the monitor answers; nothing when all is well
 */
export async function monitor(socket: string, line: string, seconds: number): Promise<string> {
  const connection = createConnection(socket);
  connection.setTimeout(seconds * 1000, () =>
    connection.destroy(new Error(`QEMU did not answer "${line}" within ${seconds} s`)),
  );
  try {
    const messages = createInterface({ input: connection });
    const failed = new Promise<never>((_, reject) => connection.once("error", reject));
    const answered = (async () => {
      for await (const text of messages) {
        const message = JSON.parse(text);
        const send = (execute: string, rest = {}) =>
          connection.write(`${JSON.stringify({ execute, ...rest })}\n`);
        if (message.QMP) send("qmp_capabilities", { id: "greeting" });
        else if (message.id === "greeting")
          send("human-monitor-command", { id: "line", arguments: { "command-line": line } });
        else if (message.id === "line") {
          if (message.error) throw new Error(`QEMU: ${message.error.desc}`);
          return String(message.return);
        }
      }
      throw new Error(`QEMU hung up on "${line}"`);
    })();
    return await Promise.race([answered, failed]);
  } finally {
    connection.destroy();
  }
}
