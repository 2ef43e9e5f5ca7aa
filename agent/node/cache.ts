/** Keeps an answer for a while; those who ask meanwhile share the one question. */
export class Cache<T> {
  readonly #ask: () => Promise<T>;
  readonly #lifetimeMs: number;
  #until = 0;
  #answer: Promise<T> | undefined;

  constructor(lifetimeMs: number, ask: () => Promise<T>) {
    this.#ask = ask;
    this.#lifetimeMs = lifetimeMs;
  }

  get(): Promise<T> {
    const now = performance.now();
    if (this.#answer === undefined || now >= this.#until) {
      this.#until = now + this.#lifetimeMs;
      const answer = this.#ask();
      this.#answer = answer;
      // A failure is told to those who asked, and asked again by the next.
      answer.catch(() => {
        if (this.#answer === answer) this.#answer = undefined;
      });
    }
    return this.#answer;
  }

  /** Whoever asks from now on gets no answer from before. */
  forget(): void {
    this.#answer = undefined;
  }
}
