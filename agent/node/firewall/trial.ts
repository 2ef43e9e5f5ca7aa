/**
 * Rules on trial. The kernel has them, and the disk, from which the next start of the machine loads, has
 * the confirmed ones until somebody says that he can still work. So there are three ways back that need
 * nobody: the time runs out; an agent that was killed starts again and finds what it had begun; or the
 * machine is started anew. Everything stands in a file before it is done, and can be done twice.
 */
import { uptime } from "node:os";
import type { AuditWriter } from "../../audit/types.ts";
import type { Caller } from "../../bus/call.ts";
import { DsecosError } from "../../bus/errors.ts";
import { explain, type Log } from "../../log.ts";
import { type Confirmed, type KeptRules, type Pending, thisBoot } from "./kept.ts";
import type { Nft } from "./nft.ts";
import type { Policy } from "./policy.ts";

export const rolledBackAction = "node.FirewallRolledBack";

/** How soon a way back that failed is tried again, in milliseconds. */
const retryMs = 5_000;

/** Begins every text that replaces the table, whether there is one or not. */
const removal = "table inet dsecos\ndelete table inet dsecos\n";

export interface TrialParts {
  readonly nft: Nft;
  readonly kept: KeptRules;
  readonly audit: AuditWriter;
  readonly log: Log;
  /** Called before counters go with the rules that they belong to. */
  readonly replacing: (why: string) => Promise<void>;
}

const self = { actor: "agent", uid: process.getuid?.() ?? 0 };

export class FirewallTrials {
  readonly #parts: TrialParts;
  #pending: Pending | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** One thing at a time. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: TrialParts) {
    this.#parts = parts;
  }

  get pending(): Pending | undefined {
    return this.#pending;
  }

  /** Ends what the agent of before left, or goes on waiting; tries again where that fails. */
  async start(): Promise<void> {
    try {
      await this.resume();
    } catch (error) {
      const facts = { error: explain(error) };
      this.#parts.log("error", "what the agent of before left of a firewall is not ended", facts);
      this.#timer = setTimeout(() => void this.start(), retryMs).unref();
    }
  }

  /** @throws where it could not be ended; it may be tried again */
  resume(): Promise<void> {
    return this.#inTurn(async () => {
      const pending = await this.#parts.kept.pending();
      if (pending === undefined) return;
      this.#pending = pending;
      if (pending.stage === "confirming") return await this.#finish(pending);
      if (pending.boot !== (await thisBoot())) {
        return await this.#ended(pending, "the machine was started anew before it was confirmed");
      }
      if (pending.stage === "loading") {
        return await this.#goBack(pending, "the agent ended while they were being loaded");
      }
      this.#wait(pending);
    });
  }

  /** @throws DsecosError where the kernel does not take them, or others wait */
  begin({ policy, text }: Policy, by: Pending["by"], seconds: number): Promise<Pending> {
    return this.#inTurn(async () => {
      const { nft, kept, replacing } = this.#parts;
      this.#refuseAnother(await kept.pending());
      await replacing("other rules are loaded");
      const before = (await nft.read())?.listing ?? "";
      const base = { policy, text, before, by, boot: await thisBoot() };
      const loading: Pending = { ...base, stage: "loading", listing: "", ...until(seconds) };
      await kept.wait(loading);
      try {
        await nft.load(text);
      } catch (error) {
        await kept.clear();
        throw error;
      }
      this.#pending = loading;
      try {
        const listing = (await nft.read())?.listing ?? "";
        const loaded: Pending = { ...base, stage: "loaded", listing, ...until(seconds) };
        await kept.wait(loaded);
        this.#pending = loaded;
        this.#wait(loaded);
        return loaded;
      } catch (error) {
        // What cannot be written down does not stay.
        this.#later(0, loading, "that they were loaded could not be written down");
        throw error;
      }
    });
  }

  /** @throws DsecosError where nothing waits for this person, or not any more */
  confirm(policy: string, caller: Pick<Caller, "uid" | "user">): Promise<void> {
    return this.#inTurn(async () => {
      const pending = this.#pending;
      if (pending?.policy !== policy || pending.stage === "loading") {
        const what = `No load of ${policy} waits to be confirmed; it may have been taken back. See “dsecos node firewall”.`;
        throw new DsecosError("Conflict", what);
      }
      if (caller.uid !== pending.by.uid) {
        const what = `${pending.by.user} loaded the rules, so ${pending.by.user} confirms them: whoever did it must see that he can still work.`;
        throw new DsecosError("Denied", what);
      }
      // Who confirmed them once, and they could not be kept, may try again.
      if (pending.stage === "loaded" && uptime() >= pending.until) {
        throw new DsecosError("Conflict", "The time to confirm them is over; they are taken back.");
      }
      const confirming: Pending = { ...pending, stage: "confirming" };
      await this.#parts.kept.wait(confirming);
      this.#pending = confirming;
      clearTimeout(this.#timer);
      await this.#finish(confirming);
    });
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #refuseAnother(pending: Pending | undefined): void {
    if (pending === undefined) return;
    const { by, untilTime } = pending;
    const what = `Rules wait until ${untilTime} for ${by.user} to confirm them; apply others after that.`;
    throw new DsecosError("Conflict", what);
  }

  #wait(pending: Pending): void {
    const ms = Math.max(0, (pending.until - uptime()) * 1000);
    this.#later(ms, pending, "nobody confirmed them in time");
  }

  #later(ms: number, pending: Pending, reason: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#inTurn(async () => {
        // Confirmed, while this waited for its turn.
        if (this.#pending !== pending) return;
        await this.#goBack(pending, reason);
      }).catch((error) => {
        this.#parts.log("error", "the firewall of before could not be put back", {
          error: explain(error),
        });
        this.#later(retryMs, pending, reason);
      });
    }, ms).unref();
  }

  /** The way back first: people wait for it, and a disk that is full must not keep them out. */
  async #goBack(pending: Pending, reason: string): Promise<void> {
    const { replacing, nft, log } = this.#parts;
    await replacing("the rules of before are put back").catch((error) => {
      log("warning", "what left under the rules on trial is not on record", {
        error: explain(error),
      });
    });
    await nft.load(`${removal}${pending.before}`);
    await this.#ended(pending, reason);
  }

  /** On record before the file goes: twice is better than never. */
  async #ended({ policy, by }: Pending, reason: string): Promise<void> {
    await this.#parts.audit.append({
      ...{ action: rolledBackAction, outcome: "note", ...self, object: policy, error: reason },
      details: { loadedBy: by.user },
    });
    await this.#parts.kept.clear();
    this.#pending = undefined;
  }

  async #finish({ policy, text, listing, by }: Pending): Promise<void> {
    const confirmed: Confirmed = { policy, text, listing, by, at: new Date().toISOString() };
    await this.#parts.kept.confirm(confirmed);
    await this.#parts.kept.clear();
    this.#pending = undefined;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work);
    // Whoever asked is told; the next one goes on anyway.
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

function until(seconds: number): Pick<Pending, "until" | "untilTime"> {
  return {
    until: uptime() + seconds,
    untilTime: new Date(Date.now() + seconds * 1000).toISOString(),
  };
}
