/**
 * One pass over auditd's own log: hands on the events that the socket did not bring. Since the end
 * of an event is not written to that log, an event there counts as whole when it cannot have more
 * records, when its last kind of record was read, or when others were written well after it.
 */
import { Assembler, type KernelEvent } from "./assemble.ts";
import { standsAlone } from "./kinds.ts";
import { readAuditLog } from "./logfile.ts";
import { parseHead, type RecordHead } from "./record.ts";

/** How far serial numbers can be out of order in the log: so many tasks write at once. */
export const disorder = 512;
/** Events written later than one, after which none of its records are still to come. */
const well = 32;
/** A log that nobody wrote to for so long has no unfinished event at its end. */
const quietMs = 2_000;
/** The clock of /proc/stat counts whole seconds. */
const bootSlackMs = 5_000;

export interface Place {
  /** All up to this serial number is dealt with. */
  done: number;
  /** When that was, milliseconds since 1970. */
  time: number;
  /** Whether it was since the system's last start. */
  thisBoot: boolean;
}

export interface PassListener {
  /** Each event of the log from a place on, also those that are dealt with. */
  event(event: KernelEvent): void | Promise<void>;
  /** Serial numbers begin anew from here on: the system was started, for the last time or before. */
  newBoot(firstSerial: number, last: boolean): void;
}

export interface Pass {
  /** Whether the log goes back to the place; if not, it was rotated away. */
  reached: boolean;
  /** The highest serial number of this boot; 0 when there was none. */
  high: number;
}

/**
 * @param bootTime when the system was started, milliseconds since 1970
 * @throws the system's error when the log cannot be read
 */
export async function pass(
  path: string,
  place: Place,
  bootTime: number,
  listener: PassListener,
): Promise<Pass> {
  const finished: KernelEvent[] = [];
  const assembler = new Assembler(
    (event) => finished.push({ ...event, ended: true }),
    2 * disorder,
  );
  const boots = new Boots(place, bootTime - bootSlackMs);
  let high = 0;
  let met = false;
  const before = (head: RecordHead) => isBefore(head, place, bootTime - bootSlackMs);

  const drain = async () => {
    for (const event of finished.splice(0)) await listener.event(event);
  };
  const take = (line: string): void | Promise<void> => {
    const head = parseHead(line);
    if (head === undefined || boots.isOld(head)) return;
    const daemon = head.type.startsWith("DAEMON_");
    if (!daemon && head.time <= place.time) met = true;
    if (boots.begins(head)) {
      assembler.flush();
      high = head.serial;
      return drain().then(() => {
        listener.newBoot(head.serial, boots.current);
        assembler.record(head, 0);
        return drain();
      });
    }
    if (!daemon && head.serial > high) high = head.serial;
    assembler.record(head, 0);
    return finished.length > 0 ? drain() : undefined;
  };
  const { reached, modified } = await readAuditLog(path, before, take);
  assembler.flush();
  const quiet = Date.now() - modified > quietMs || !boots.current;
  for (const event of finished.splice(0)) {
    if (quiet || event.daemon || event.serial + well <= high || hasEnd(event.records)) {
      await listener.event(event);
    }
  }
  return { reached: reached || met, high: boots.current ? high : 0 };
}

function hasEnd(records: readonly RecordHead[]): boolean {
  return records.some(({ type }) => type === "PROCTITLE" || standsAlone(type));
}

function isBefore({ serial, time }: RecordHead, place: Place, bootTime: number): boolean {
  if (!place.thisBoot) return time < place.time - bootSlackMs;
  return time < bootTime || serial + disorder <= place.done;
}

/** Tells the system's starts apart, by falling serial numbers and by the time of the last one. */
class Boots {
  readonly #place: Place;
  readonly #bootTime: number;
  #high: number;
  #time: number;
  /** Whether what is read is of the present start. */
  current: boolean;
  #daemonStarted = false;

  constructor(place: Place, bootTime: number) {
    this.#place = place;
    this.#bootTime = bootTime;
    this.#high = place.done;
    this.#time = place.time;
    this.current = place.thisBoot;
  }

  /** Whether a record is from before the boot or the time that is asked about. */
  isOld({ time }: RecordHead): boolean {
    if (this.current) return time < this.#bootTime;
    return time < this.#place.time - bootSlackMs;
  }

  begins(head: RecordHead): boolean {
    if (head.type === "DAEMON_START") this.#daemonStarted = true;
    if (this.current || head.type.startsWith("DAEMON_")) return false;
    const fell = head.serial + disorder < this.#high;
    const restarted = this.#daemonStarted && head.serial <= this.#high;
    const begins = head.time >= this.#bootTime || (head.time > this.#time && (fell || restarted));
    this.current = head.time >= this.#bootTime;
    this.#daemonStarted = false;
    this.#high = begins ? head.serial : Math.max(this.#high, head.serial);
    this.#time = Math.max(this.#time, head.time);
    return begins;
  }
}
