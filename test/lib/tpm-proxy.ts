/** Stands between a program and a TPM's socket, sees each command, and can break in. */

import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** `cut`: the connection breaks before the reply; `hang`: there is no reply. */
export type Deed = "pass" | "cut" | "hang";

export interface TpmProxy {
  socket: string;
  /** True while nobody is connected. */
  readonly idle: boolean;
  /** Codes of the commands that came, in their order. */
  readonly commands: number[];
  /** Asked when the TPM has carried out a command, before the reply goes on. */
  after: (code: number) => Deed;
  stop(): Promise<void>;
}

export async function startTpmProxy(upstream: string, socket: string): Promise<TpmProxy> {
  const open = new Set<Socket>();
  const commands: number[] = [];
  const proxy: TpmProxy = {
    socket,
    get idle() {
      return open.size === 0;
    },
    commands,
    after: () => "pass",
    async stop() {
      for (const one of open) one.destroy();
      server.close();
      await once(server, "close");
    },
  };
  const server = createServer((client) => {
    const tpm = connect({ path: upstream });
    for (const one of [client, tpm]) {
      open.add(one);
      one.on("close", () => open.delete(one));
      one.on("error", () => one.destroy());
    }
    let code = 0;
    client.on("data", (command) => {
      code = command.readUInt32BE(6);
      commands.push(code);
      tpm.write(command);
    });
    tpm.on("data", (reply) => {
      const deed = proxy.after(code);
      if (deed === "pass") client.write(reply);
      if (deed === "cut") client.destroy();
    });
    client.on("close", () => tpm.destroy());
    tpm.on("close", () => client.destroy());
  });
  server.listen(socket);
  await once(server, "listening");
  return proxy;
}
