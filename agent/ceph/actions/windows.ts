/**
 * Flags that end by themselves. When one ends is kept in Ceph, beside what monitors keep for others, so
 * that any node's agent ends it, whichever set it and whether it still runs. A window is there before
 * its flag is set and until after it is cleared; each has a name of its own, so that ending one cannot
 * take another's end away.
 */
import { randomBytes } from "node:crypto";
import * as v from "valibot";
import { timeSchema } from "../../bus/fields.ts";
import type { Ceph } from "../link/types.ts";
import { type Window, windowFlags } from "./answers.ts";

const prefix = "dsecos/window/";
/** Longer than any is made for, in milliseconds: then a clock was set back, or somebody wrote it. */
const longestMs = 25 * 3_600_000;

const recordSchema = v.object({
  by: v.string(),
  node: v.string(),
  reason: v.string(),
  at: timeSchema,
  until: timeSchema,
});

export interface FlagWindow extends Window {
  flag: string;
  key: string;
}

/** What is under one key; one that cannot be read has ended, so that nothing stays stopped for ever. */
function windowOf(key: string, value: unknown): FlagWindow {
  const [flag = "", id = ""] = key.slice(prefix.length).split("/");
  const result = v.safeParse(
    v.pipe(v.string(), v.parseJson(), recordSchema),
    typeof value === "string" ? value : JSON.stringify(value),
  );
  const epoch = new Date(0).toISOString();
  const unread = { by: "", node: "", reason: "It cannot be read.", at: epoch, until: epoch };
  return { key, flag, id, ...(result.success ? result.output : unread) };
}

const isFlag = (flag: string) => windowFlags.some((one) => one === flag);

export class Windows {
  readonly #link: Pick<Ceph, "mon">;

  constructor(link: Pick<Ceph, "mon">) {
    this.#link = link;
  }

  /** @throws DsecosError */
  async list(): Promise<FlagWindow[]> {
    const found = await this.#link.mon("config-key dump", { key: prefix });
    const entries = Object.entries(v.parse(v.record(v.string(), v.unknown()), found ?? {}));
    return entries
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => windowOf(key, value))
      .filter(({ flag }) => isFlag(flag));
  }

  /** @throws DsecosError */
  async open(flag: string, window: Omit<Window, "id">): Promise<void> {
    const key = `${prefix}${flag}/${randomBytes(8).toString("hex")}`;
    await this.#link.mon("config-key set", { key, val: JSON.stringify(window) });
    await this.#link.mon("osd set", { key: flag });
  }

  /** Clears the flag and then takes windows away. @throws DsecosError */
  async end(flag: string, windows: readonly FlagWindow[]): Promise<void> {
    await this.#link.mon("osd unset", { key: flag });
    await this.#forget(windows);
  }

  async #forget(windows: readonly FlagWindow[]): Promise<void> {
    for (const { key } of windows) await this.#link.mon("config-key rm", { key });
  }

  /**
   * Ends flags of which no window is open any more.
   *
   * @param now in milliseconds since 1970
   * @param ending told before each flag is cleared, with its windows; nothing is done when it throws
   * @returns when the next window ends, in milliseconds since 1970
   */
  async endThose(
    now: number,
    ending: (flag: string, windows: readonly FlagWindow[]) => Promise<void>,
  ): Promise<number> {
    const all = await this.list();
    const isOpen = ({ until }: FlagWindow) => {
      const left = Date.parse(until) - now;
      return left > 0 && left < longestMs;
    };
    for (const flag of new Set(all.map((window) => window.flag))) {
      const own = all.filter((window) => window.flag === flag);
      const over = own.filter((window) => !isOpen(window));
      if (over.length === 0) continue;
      if (over.length < own.length) await this.#forget(over);
      else {
        await ending(flag, over);
        await this.end(flag, over);
      }
    }
    const ends = all.filter(isOpen).map(({ until }) => Date.parse(until));
    return Math.min(...ends, Number.POSITIVE_INFINITY);
  }
}
