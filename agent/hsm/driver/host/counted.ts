/**
 * Uses of private keys, counted: by the object in the token, by the sealed seed, or by both. Room for
 * the count is made before the key is used, so that a full disk leaves no use uncounted.
 */
import { sealedName } from "../../use/counters.ts";
import type { PrivateParts } from "../types.ts";
import type { Counters } from "./counters.ts";

export class Counted {
  readonly #counters: Counters;

  constructor(counters: Counters) {
    this.#counters = counters;
  }

  /** @param uses what one call counts for */
  async use<T>(
    token: string,
    operation: string,
    { id, sealed }: PrivateParts,
    work: () => Promise<T>,
    uses = 1,
  ): Promise<T> {
    const object = id === undefined ? undefined : this.#counters.open(token, id, operation);
    const seed =
      sealed === undefined
        ? undefined
        : this.#counters.open(token, sealedName(sealed.seal.id, sealed.blob), operation);
    const result = await work();
    if (object !== undefined) this.#counters.add(object, uses);
    if (seed !== undefined) this.#counters.add(seed, uses);
    return result;
  }
}
