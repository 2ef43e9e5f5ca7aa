/** Calls go through side by side; who needs the module alone waits for them, and they for it. */
export class Gate {
  #inside = 0;
  #closed: Promise<void> | undefined;
  #emptied: (() => void) | undefined;

  /** @returns undefined where there is nothing to wait for, which costs no turn. */
  enter(): Promise<void> | undefined {
    if (this.#closed !== undefined) return this.#wait();
    this.#inside += 1;
    return undefined;
  }

  async #wait(): Promise<void> {
    while (this.#closed !== undefined) await this.#closed;
    this.#inside += 1;
  }

  leave(): void {
    this.#inside -= 1;
    if (this.#inside === 0) this.#emptied?.();
  }

  /** The caller must not be inside itself. */
  async alone<T>(work: () => T | Promise<T>): Promise<T> {
    while (this.#closed !== undefined) await this.#closed;
    const { promise, resolve } = withResolvers();
    this.#closed = promise;
    try {
      if (this.#inside > 0) {
        await new Promise<void>((emptied) => {
          this.#emptied = emptied;
        });
        this.#emptied = undefined;
      }
      return await work();
    } finally {
      this.#closed = undefined;
      resolve();
    }
  }
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
