/** The configured witnesses: each goes its own way, so that a dead one holds up none. */
import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { explain, type Log } from "../../log.ts";
import type { AuditWriter } from "../types.ts";
import type { Proofs, Sealing, WitnessAlarm, WitnessConfig, WitnessStatus } from "./types.ts";
import { Witness, type WitnessOptions } from "./witness.ts";

const checkMs = 15_000;

export interface WitnessesOptions extends Pick<WitnessOptions, "wait" | "now"> {
  witnesses: readonly WitnessConfig[];
  /** The audit directory, where the witnesses' keys are put down for those who verify. */
  directory: string;
  sealing: Sealing;
  proofs: Proofs;
  audit: AuditWriter;
  log: Log;
}

export interface Witnesses {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Looks which witnesses are stale by now; done every few seconds anyway. */
  check(): void;
  status(): WitnessStatus[];
  alarms(): WitnessAlarm[];
}

export function createWitnesses(options: WitnessesOptions): Witnesses {
  const { sealing, audit, log } = options;
  const alarmed = (name: string, alarm: WitnessAlarm) => {
    const event = {
      action: "audit.WitnessAlarm",
      outcome: "failure",
      source: "log",
      actor: "agent",
      uid: process.getuid?.() ?? 0,
      object: name,
      details: { kind: alarm.kind, since: alarm.since },
      error: alarm.text,
    } as const;
    audit.append(event).catch((error) => {
      log("error", "an alarm of a witness is not on record", { error: explain(error) });
    });
  };
  const witnesses = options.witnesses.map((config) => {
    const witness: Witness = new Witness(config, {
      ...options,
      alarmed: (alarm) => alarmed(witness.name, alarm),
    });
    return witness;
  });
  let ends: (() => void)[] = [];
  const check = () => {
    for (const witness of witnesses) witness.check();
  };
  return {
    async start() {
      await writeKeys(options.directory, options.witnesses).catch((error) => {
        log("error", "the keys of the witnesses are not put down", { error: explain(error) });
      });
      const timer = setInterval(check, checkMs);
      const unlisten = sealing.onSealed((note) => {
        for (const witness of witnesses) witness.offer(note);
      });
      ends = [() => clearInterval(timer), unlisten];
    },
    async stop() {
      for (const end of ends) end();
      ends = [];
      await Promise.all(witnesses.map((witness) => witness.stop()));
    },
    check,
    status: () => witnesses.map((witness) => witness.status()),
    alarms: () => witnesses.flatMap((witness) => witness.status().alarms),
  };
}

/** Keys are only ever added: what a former witness signed stays evidence. */
async function writeKeys(directory: string, witnesses: readonly WitnessConfig[]): Promise<void> {
  const file = join(directory, "witnesses");
  const known = new Set((await readIfThere(file)).split("\n"));
  const added = witnesses.map(({ key }) => key).filter((key) => !known.has(key));
  if (added.length > 0) await appendFile(file, added.map((key) => `${key}\n`).join(""));
}

async function readIfThere(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
