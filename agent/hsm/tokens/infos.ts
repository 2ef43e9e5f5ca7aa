/**
 * What a driver says of its tokens, kept for a while: asking a thousand slots takes the driver a
 * tenth of a second, during which it signs nothing. What is kept is answered at once and read again
 * behind the answer, so that pages never wait for it but the first time.
 */
import { isDeepStrictEqual } from "node:util";
import { explain, type Log } from "../../log.ts";
import type { TokenInfo } from "../driver/types.ts";
import type { OpenedDriver } from "../drivers/drivers.ts";
import { asking, levelOfDriver } from "../errors.ts";

/** From this age on it is read again behind the answer; in milliseconds. */
const agesMs = 10_000;
/** Older than this it is not answered with. */
const oldestMs = 60_000;

export type Infos = ReadonlyMap<string, TokenInfo>;

export class TokenInfos {
  readonly #opened: OpenedDriver;
  readonly #log: Log;
  readonly #changed: () => void;
  #kept: { at: number; infos: Infos } | undefined;
  #reading: Promise<Infos> | undefined;

  constructor(opened: OpenedDriver, log: Log, changed: () => void) {
    this.#opened = opened;
    this.#log = log;
    this.#changed = changed;
  }

  /** Initialized tokens by label. */
  async get(): Promise<Infos> {
    const kept = this.#kept;
    const age = kept === undefined ? Number.POSITIVE_INFINITY : performance.now() - kept.at;
    if (kept === undefined || age > oldestMs) return this.#read();
    if (age > agesMs && this.#reading === undefined) {
      const { name } = this.#opened;
      this.#read().then(
        (infos) => {
          if (!isDeepStrictEqual(infos, kept.infos)) this.#changed();
        },
        (error) => {
          // What was kept may be wrong now; the next who asks hears why.
          this.#kept = undefined;
          this.#log(levelOfDriver(error), "a driver does not tell its tokens", {
            ...{ driver: name, error: explain(error) },
          });
        },
      );
    }
    return kept.infos;
  }

  #read(): Promise<Infos> {
    this.#reading ??= this.#readNow().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readNow(): Promise<Infos> {
    const { name, driver } = this.#opened;
    const all = await asking({ driver: name }, () => driver.tokens());
    const infos = new Map(
      all.filter(({ label }) => label !== "").map((info) => [info.label, info]),
    );
    this.#kept = { at: performance.now(), infos };
    return infos;
  }
}
