/**
 * A policy on trial. It is loaded into the kernel only; the store on the disk, from which the next
 * start loads, keeps the confirmed one until somebody says that he can still work. So there are two
 * ways back that need nobody: the time runs out, and the policy that was loaded before is loaded
 * again; or the machine is started anew, and has the confirmed one. Everything that is to be done
 * stands in a file before it is done, and can be done twice.
 */
import type { AuditWriter } from "../../audit/types.ts";
import type { Caller } from "../../bus/call.ts";
import { DsecosError } from "../../bus/errors.ts";
import { explain, type Log } from "../../log.ts";
import type { Confirmed } from "./confirmed.ts";
import type { Kept } from "./kept.ts";
import type { Kernel } from "./kernel.ts";
import type { Marker, PendingFiles } from "./pending.ts";

export const loadedAction = "selinux.PolicyLoaded";
export const confirmedAction = "selinux.PolicyConfirmed";
export const rolledBackAction = "selinux.PolicyRolledBack";

/** How soon a way back that failed is tried again, in milliseconds. */
const retryMs = 10_000;

export interface TrialParts {
  readonly kernel: Kernel;
  readonly pending: PendingFiles;
  readonly confirmed: Confirmed;
  readonly audit: AuditWriter;
  readonly log: Log;
  /** Reads a kept policy anew, and verifies it. */
  readonly read: (policy: string) => Promise<Kept>;
  /** Writes the store that the next start loads from, whole or not at all. */
  readonly install: (kept: Kept) => Promise<void>;
  readonly changed: () => void;
}

export interface Trial {
  kept: Kept;
  by: Marker["by"];
  confirmSeconds: number;
  /** Of the job. */
  call: string;
  details: Record<string, unknown>;
}

const self = { actor: "agent", uid: process.getuid?.() ?? 0 };

export class Trials {
  readonly #parts: TrialParts;
  #marker: Marker | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** One thing at a time. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: TrialParts) {
    this.#parts = parts;
  }

  get pending(): Marker | undefined {
    return this.#marker;
  }

  /** Ends what the agent of before left, or goes on waiting; tries again where that fails. */
  async start(): Promise<void> {
    try {
      await this.resume();
    } catch (error) {
      const facts = { error: explain(error) };
      this.#parts.log("error", "what the agent of before left of a policy is not ended yet", facts);
      this.#timer = setTimeout(() => void this.start(), retryMs).unref();
    }
  }

  /** @throws where it could not be ended; it may be tried again */
  resume(): Promise<void> {
    return this.#inTurn(async () => {
      const { pending, kernel } = this.#parts;
      const marker = await pending.read();
      if (marker === undefined) return await pending.clear();
      this.#marker = marker;
      if (marker.stage === "confirming") return await this.#finish(marker);
      if (marker.boot !== (await kernel.boot())) {
        return await this.#ended(marker, "the machine was started anew before it was confirmed");
      }
      if (marker.stage === "loading") {
        return await this.#goBack(marker, "the agent ended while it was being loaded");
      }
      this.#wait(marker);
    });
  }

  /** @throws DsecosError where the kernel does not take it, or another one waits */
  begin({ kept, by, confirmSeconds, call, details }: Trial): Promise<Marker> {
    return this.#inTurn(async () => {
      const { kernel, pending, audit } = this.#parts;
      this.#refuseAnother(await pending.read());
      const { policy, rules } = kept.statement;
      await pending.saveBefore(await kernel.read());
      const loading = { policy, rules, by, boot: await kernel.boot() };
      await pending.write({ ...loading, stage: "loading", ...this.#until(confirmSeconds) });
      try {
        await kernel.load(kept.policy);
      } catch (error) {
        await pending.clear();
        throw error;
      }
      const marker: Marker = { ...loading, stage: "loaded", ...this.#until(confirmSeconds) };
      this.#marker = marker;
      try {
        await pending.write(marker);
        await audit.append({
          ...{ action: loadedAction, outcome: "success", actor: by.user, uid: by.uid },
          ...{ object: policy, call, details: { ...details, confirmUntil: marker.untilTime } },
        });
      } catch (error) {
        // What cannot be recorded does not stay.
        this.#later(0, marker, "that it was loaded could not be recorded");
        throw error;
      }
      this.#wait(marker);
      this.#parts.changed();
      return marker;
    });
  }

  /** @throws DsecosError where nothing waits for this person, or not any more */
  confirm(policy: string, caller: Pick<Caller, "uid" | "user">): Promise<void> {
    return this.#inTurn(async () => {
      const { kernel, pending } = this.#parts;
      const marker = this.#marker;
      if (marker?.policy !== policy || marker.stage === "loading") {
        const what = `No load of ${policy} waits to be confirmed; it may have been taken back. See the policies.`;
        throw new DsecosError("Conflict", what);
      }
      if (caller.uid !== marker.by.uid) {
        const what = `${marker.by.user} loaded it, so ${marker.by.user} confirms it: whoever did it must see that he can still work.`;
        throw new DsecosError("Denied", what);
      }
      // Who confirmed it once, and it could not be installed, may try again.
      if (marker.stage === "loaded" && kernel.uptime() >= marker.until) {
        throw new DsecosError("Conflict", "The time to confirm it is over; it is taken back.");
      }
      // Before anything is changed: what is installed is what was signed.
      await this.#parts.read(policy);
      const confirming: Marker = { ...marker, stage: "confirming" };
      await pending.write(confirming);
      this.#marker = confirming;
      clearTimeout(this.#timer);
      await this.#finish(confirming);
    });
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #refuseAnother(marker: Marker | undefined): void {
    if (marker === undefined) return;
    const { policy, by, untilTime } = marker;
    const what = `${policy} waits until ${untilTime} for ${by.user} to confirm it; load another one after that.`;
    throw new DsecosError("Conflict", what);
  }

  #until(seconds: number): Pick<Marker, "until" | "untilTime"> {
    return {
      until: this.#parts.kernel.uptime() + seconds,
      untilTime: new Date(Date.now() + seconds * 1000).toISOString(),
    };
  }

  #wait(marker: Marker): void {
    const ms = Math.max(0, (marker.until - this.#parts.kernel.uptime()) * 1000);
    this.#later(ms, marker, "nobody confirmed it in time");
  }

  #later(ms: number, marker: Marker, reason: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#inTurn(async () => {
        // Confirmed, while this waited for its turn.
        if (this.#marker !== marker) return;
        await this.#goBack(marker, reason);
      }).catch((error) => {
        this.#parts.log("error", "the policy of before could not be put back", {
          error: explain(error),
        });
        this.#later(retryMs, marker, reason);
      });
    }, ms).unref();
  }

  async #goBack(marker: Marker, reason: string): Promise<void> {
    const { kernel, pending } = this.#parts;
    await kernel.load(await pending.before());
    await this.#ended(marker, reason);
  }

  /** On record before the marker goes: twice is better than never. */
  async #ended({ policy, rules, by }: Marker, reason: string): Promise<void> {
    await this.#parts.audit.append({
      ...{ action: rolledBackAction, outcome: "note", ...self, object: policy, error: reason },
      details: { rules, loadedBy: by.user },
    });
    await this.#parts.pending.clear();
    this.#marker = undefined;
    this.#parts.changed();
  }

  async #finish({ policy, by, boot }: Marker): Promise<void> {
    const { kernel, install, confirmed, audit, pending, read } = this.#parts;
    const kept = await read(policy);
    await install(kept);
    // The machine came up with the store of before, and the person had confirmed.
    if (boot !== (await kernel.boot()) && (await kernel.active())) await kernel.load(kept.policy);
    await confirmed.set({ policy, rules: kept.statement.rules });
    await audit.append({
      ...{ action: confirmedAction, outcome: "success", actor: by.user, uid: by.uid },
      object: policy,
    });
    await pending.clear();
    this.#marker = undefined;
    this.#parts.changed();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work);
    // Whoever asked is told; the next one goes on anyway.
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
