/** What is wrong now. Each alarm goes on record once when it comes and once when it is over. */
import type { AuditEntry } from "../../audit/contract.ts";
import type { AuditWriter } from "../../audit/types.ts";
import { explain, type Log } from "../../log.ts";
import { type Alarm, alarmKinds } from "./answers.ts";

export const alarmAction = "hsm.Alarm";

export type Finding = Omit<Alarm, "since">;

/** What a key is not used with, other than what a token as a whole is troubled by. */
const freezing: ReadonlySet<Finding["kind"]> = new Set([
  "keyMissing",
  "ambiguous",
  "weakKey",
  "otherKey",
]);

const identity = ({ token, kind, key }: Pick<Alarm, "token" | "kind" | "key">) =>
  `${token}\n${kind}\n${key}`;

export interface AlarmsParts {
  audit: AuditWriter;
  log: Log;
  changed: () => void;
  now?: () => Date;
}

export class Alarms {
  readonly #parts: AlarmsParts;
  #open = new Map<string, Alarm>();

  constructor(parts: AlarmsParts) {
    this.#parts = parts;
  }

  /** Takes up what the audit log tells, oldest entry first; what is not found again is over then. */
  restore(entries: readonly AuditEntry[]): void {
    for (const { action, details } of entries) {
      const alarm = details?.alarm as Alarm | undefined;
      if (action !== alarmAction || alarm?.kind === undefined) continue;
      if (details?.over === true) this.#open.delete(identity(alarm));
      else this.#open.set(identity(alarm), alarm);
    }
  }

  /** Why keys must not be used, by token and key. */
  frozen(): Map<string, Map<string, string>> {
    const frozen = new Map<string, Map<string, string>>();
    for (const { kind, token, key, what } of this.all()) {
      if (!freezing.has(kind)) continue;
      const keys = frozen.get(token) ?? new Map<string, string>();
      frozen.set(token, keys.set(key, keys.get(key) ?? what));
    }
    return frozen;
  }

  all(): Alarm[] {
    return [...this.#open.values()];
  }

  of(token: string): string[] {
    return this.all().flatMap((alarm) => (alarm.token === token ? alarm.what : []));
  }

  /** What was found of a token, in place of what was found of it before by those who look for `kinds`. */
  async found(
    token: string,
    findings: readonly Finding[],
    kinds: readonly Finding["kind"][] = alarmKinds,
  ): Promise<void> {
    const now = (this.#parts.now?.() ?? new Date()).toISOString();
    const next = new Map(findings.map((one) => [identity(one), one]));
    for (const alarm of this.all()) {
      const isOver = alarm.token === token && kinds.includes(alarm.kind);
      if (!isOver || next.has(identity(alarm))) continue;
      this.#open.delete(identity(alarm));
      await this.#record(alarm, true);
    }
    for (const [id, finding] of next) {
      const before = this.#open.get(id);
      const alarm = { ...finding, since: before?.since ?? now };
      this.#open.set(id, alarm);
      if (before === undefined) await this.#record(alarm, false);
    }
  }

  /** An alarm must be seen even where it cannot be recorded; the journal has it then. */
  async #record(alarm: Alarm, over: boolean): Promise<void> {
    const { token, tenant, key, what } = alarm;
    this.#parts.changed();
    try {
      await this.#parts.audit.append({
        action: alarmAction,
        outcome: over ? "note" : "failure",
        ...{ actor: "dsecos-agent", uid: 0 },
        ...(tenant === "" ? {} : { tenant }),
        object: key === "" ? token : `${token} ${key}`,
        details: { alarm, over },
        ...(over ? {} : { error: what }),
      });
    } catch (error) {
      this.#parts.log("error", "an alarm could not be recorded", {
        ...alarm,
        error: explain(error),
      });
    }
  }
}
