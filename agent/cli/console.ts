/** Joins the terminal that the person sits at with the socket of a console. */
import { connect } from "node:net";
import { DsecosError } from "../bus/errors.ts";

/** Ctrl-], which terminals have used for leaving since telnet. */
const leaveKey = 0x1d;

/**
 * Every key goes to the other side, Ctrl-C too, until Ctrl-] or until that side ends.
 *
 * @throws DsecosError Unavailable when the socket cannot be joined.
 */
export async function joinConsole(path: string): Promise<void> {
  const { stdin, stdout } = process;
  const socket = connect(path);
  const typed = (keys: Buffer) => {
    const at = keys.indexOf(leaveKey);
    if (at < 0) socket.write(keys);
    else socket.end(keys.subarray(0, at));
  };
  stdin.setRawMode(true);
  stdin.on("data", typed);
  socket.pipe(stdout, { end: false });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.on("error", reject);
      socket.on("close", () => resolve());
    });
  } catch (cause) {
    const message = "The console could not be joined, or broke off; open it again.";
    throw new DsecosError("Unavailable", message, { cause });
  } finally {
    stdin.off("data", typed);
    stdin.setRawMode(false);
    stdin.pause();
    stdout.write("\r\n");
  }
}
