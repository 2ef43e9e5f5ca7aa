/** One TPM, which several may want to use: they take turns. */
import { existsSync } from "node:fs";
import { FormError } from "./codec.ts";
import { openTransport, TpmUnreachable, type Transport } from "./transport.ts";

export class TpmPort {
  readonly path: string;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.path = path;
  }

  /** False for a node without a TPM. */
  get exists(): boolean {
    return existsSync(this.path);
  }

  /**
   * Opens the TPM, lets the work use it, and closes it again, so that other programs get their
   * turn: swtpm serves one at a time, and the kernel frees what was left in the TPM.
   * @throws TpmUnreachable, TpmError, or what the work throws
   */
  async use<T>(work: (transport: Transport) => Promise<T>): Promise<T> {
    const before = this.#turn;
    const turn = before.then(() => this.#open(work));
    this.#turn = turn.catch(() => undefined); // told to whoever asked
    return await turn;
  }

  async #open<T>(work: (transport: Transport) => Promise<T>): Promise<T> {
    const transport = await openTransport(this.path);
    try {
      return await work(transport);
    } catch (error) {
      if (!(error instanceof FormError)) throw error;
      throw new TpmUnreachable(`A reply of the TPM at ${this.path} ${error.message}.`);
    } finally {
      await transport.close();
    }
  }
}
