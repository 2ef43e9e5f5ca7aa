/** How this node was started: the firmware’s log, the TPM’s registers, and the start that is expected. */
import type { Call } from "../../bus/call.ts";
import { DsecosError } from "../../bus/errors.ts";
import { FormError } from "../../tpm/codec.ts";
import { readPcrs } from "../../tpm/platform.ts";
import type { TpmPort } from "../../tpm/port.ts";
import { Cache } from "../cache.ts";
import type { System } from "../system.ts";
import { readAccepted, writeAccepted } from "./accepted.ts";
import { type AcceptedBoot, type BootReport, judgedPcrs } from "./answers.ts";
import { judge } from "./judge.ts";
import { parseBootLog } from "./log.ts";

export interface BootParts {
  system: System;
  port: TpmPort;
  /** The kernel’s file with the firmware’s log. */
  log: string;
  /** File of the accepted start. */
  accepted: string;
  /** Told when another start is expected. */
  changed: () => void;
}

/** Registers of the start change no more, short of an attack; each reading takes the TPM’s time. */
const lifetimeMs = 60_000;

export class Boot {
  readonly #parts: BootParts;
  readonly #report: Cache<BootReport>;
  /** Accepting is one at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: BootParts) {
    this.#parts = parts;
    this.#report = new Cache(lifetimeMs, () => this.#read());
  }

  /** Never rejects: what cannot be read is told. */
  async report(): Promise<BootReport> {
    const report = await this.#report.get();
    // What failed may pass, and is asked for again by the next.
    if (report.state === "unknown") this.#report.forget();
    return report;
  }

  /** @throws DsecosError unless exactly this was measured, and the log explains it */
  async accept(call: Call, hash: string, reason: string): Promise<BootReport> {
    const turn = this.#turn.then(() => this.#accept(call, hash, reason));
    this.#turn = turn.catch(() => undefined); // told to whoever asked
    return await turn;
  }

  async #accept(call: Call, hash: string, reason: string): Promise<BootReport> {
    // A file that is broken must not stand in the way of a new one.
    const report = await this.#read(async (file) => readAccepted(file).catch(() => undefined));
    if (report.state !== "measured") {
      throw new DsecosError("Unavailable", report.problem);
    }
    if (report.hash === "") {
      const text = `The log does not explain register ${unexplained(report).join(", ")}: nobody can know what was started.`;
      throw new DsecosError("Conflict", text);
    }
    if (report.hash !== hash) {
      const text =
        "What was measured has another hash than the one you name; look again with: dsecos node boot";
      throw new DsecosError("Conflict", text);
    }
    const registers = report.registers.map(({ pcr, value }) => ({ pcr, value }));
    call.note({
      registers: Object.fromEntries(registers.map(({ pcr, value }) => [pcr, value])),
      before: report.accepted?.hash,
    });
    await this.#keep({
      format: "dsecos-boot-1",
      ...{ hash, registers, reason },
      at: new Date().toISOString(),
      by: call.caller.user,
      approvers: [...call.approvers],
      events: report.events.map(({ isNew: _isNew, ...event }) => event),
    });
    this.#report.forget();
    this.#parts.changed();
    return await this.#report.get();
  }

  async #keep(accepted: AcceptedBoot): Promise<void> {
    const file = this.#parts.accepted;
    try {
      await writeAccepted(file, accepted);
    } catch (cause) {
      const { code = String(cause) } = cause as NodeJS.ErrnoException;
      const what = `${file} could not be written (${code}), and what was accepted before still holds; make room or mend the disk, then ask again.`;
      throw new DsecosError("Unavailable", what, { cause });
    }
  }

  async #read(readFile = readAccepted): Promise<BootReport> {
    const { port, log, accepted: file } = this.#parts;
    const places = { log, tpm: port.path, accepted: file };
    const none = { registers: [], events: [], gone: [], hash: "" };
    const at = new Date().toISOString();
    const say = (state: BootReport["state"], problem: string, accepted?: AcceptedBoot) => ({
      ...{ state, problem, ...none, accepted: short(accepted), places, at },
    });
    let accepted: AcceptedBoot | undefined;
    try {
      accepted = await readFile(file);
      if (!port.exists) return say("no-tpm", `There is no TPM at ${port.path}.`, accepted);
      const bytes = await this.#log();
      if (bytes === undefined) {
        const text = `The firmware handed no log over: there is no ${log}.`;
        return say("no-log", text, accepted);
      }
      const events = parseBootLog(bytes);
      const values = await port.use((transport) => readPcrs(transport, judgedPcrs));
      if (values.size < judgedPcrs.length) {
        return say(
          "unknown",
          "The TPM has no registers with SHA-256; see tpm2_pcrread(1).",
          accepted,
        );
      }
      const measured = judge(events, values, accepted);
      return { state: "measured", problem: "", ...measured, accepted: short(accepted), places, at };
    } catch (error) {
      return say("unknown", sentence(error, log), accepted);
    }
  }

  async #log(): Promise<Buffer | undefined> {
    const { system, log } = this.#parts;
    const bytes = await system.bytes(log);
    if (bytes !== undefined) return bytes;
    // Without this file system nobody can say whether there is a log.
    const kernel = "/sys/kernel/security";
    if (log.startsWith(kernel) && (await system.list(kernel)).length === 0) {
      throw new Error("The firmware’s log cannot be read: securityfs is not mounted.");
    }
    return undefined;
  }
}

/** Registers whose value does not follow from the log. */
export function unexplained({ registers }: BootReport): number[] {
  return registers.filter(({ explained }) => !explained).map(({ pcr }) => pcr);
}

function short(accepted: AcceptedBoot | undefined): BootReport["accepted"] {
  if (accepted === undefined) return null;
  const { events: _events, registers: _registers, ...rest } = accepted;
  return rest;
}

function sentence(error: unknown, log: string): string {
  if (error instanceof FormError) return `The firmware’s log ${log} ${error.message}.`;
  return error instanceof Error ? error.message : String(error);
}
