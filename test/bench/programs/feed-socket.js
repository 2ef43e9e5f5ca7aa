// @ts-check
/** Sends a file to a unix socket, behind the head that journald's stream protocol asks for. */
import { createReadStream } from "node:fs";
import { connect } from "node:net";

const [socketPath = "", file = ""] = process.argv.slice(2);
// journald closes its side at once, which must not end ours.
const socket = connect({ path: socketPath, allowHalfOpen: true }, () => {
  // Identifier, unit, priority, level prefixes, and three ways of forwarding: none.
  socket.write("dsecos\n\n6\n0\n0\n0\n0\n");
  createReadStream(file).pipe(socket);
});
