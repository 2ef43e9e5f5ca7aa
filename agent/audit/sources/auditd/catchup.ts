/**
 * One pass over auditd's own log: hands on the records that the socket did not bring. When the
 * kernel's queue is long, records come there out of order, thousands of events apart; so what a pass
 * finds of an event may be a part of it, and the next one goes on from where this one ended.
 */
import { Assembler, type KernelEvent } from "./assemble.ts";
import { type Position, readAuditLog } from "./logfile.ts";
import { parseHead, type RecordHead } from "./record.ts";

/**
 * How far serial numbers can be out of order in the log. Measured: 4,639 with Debian's queue of
 * 8,192 records, on a machine too slow for its load.
 */
export const disorder = 8_192;
/** Events of which records are gathered at a time. */
const mostOpen = 1_024;
/** The clock of /proc/stat counts whole seconds. */
const bootSlackMs = 5_000;

export interface Place {
  /** All up to this serial number is dealt with. */
  done: number;
  /** When that was, milliseconds since 1970. */
  time: number;
  /** Whether it was since the system's last start. */
  thisBoot: boolean;
  /** Where the pass before ended, when it looked for the same. */
  position?: Position | undefined;
}

export interface PassListener {
  /** Whether a serial number is of interest. */
  wants(serial: number): boolean;
  /** Records of one event, maybe not all. */
  part(event: KernelEvent): void | Promise<void>;
  /** Serial numbers begin anew from here on: the system was started, for the last time or before. */
  newBoot(firstSerial: number, last: boolean): void | Promise<void>;
}

export interface Pass {
  /** Whether the log goes back to the place; if not, it was rotated away. */
  reached: boolean;
  /** The highest serial number of this boot that was read; 0 when there was none. */
  high: number;
  position: Position | undefined;
  /** When auditd wrote last, milliseconds since 1970. */
  modified: number;
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
  const assembler = new Assembler((event) => finished.push(event), mostOpen);
  const boots = new Boots(place, bootTime - bootSlackMs);
  let high = 0;
  let met = place.position !== undefined;
  const before = (head: RecordHead) => isBefore(head, place, bootTime - bootSlackMs);

  const drain = async () => {
    for (const event of finished.splice(0)) await listener.part(event);
  };
  const take = (line: string): void | Promise<void> => {
    const head = parseHead(line);
    if (head === undefined || boots.isOld(head)) return;
    const daemon = head.type.startsWith("DAEMON_");
    if (!daemon && head.time <= place.time) met = true;
    if (boots.begins(head)) {
      assembler.flush();
      high = head.serial;
      return drain()
        .then(() => listener.newBoot(head.serial, boots.current))
        .then(() => {
          assembler.record(head, 0);
          return drain();
        });
    }
    if (!daemon && head.serial > high) high = head.serial;
    if (daemon || listener.wants(head.serial)) assembler.record(head, 0);
    return finished.length > 0 ? drain() : undefined;
  };
  const read = await readAuditLog(path, before, place.position, take);
  assembler.flush();
  await drain();
  const { position, modified } = read;
  return { reached: read.reached || met, high: boots.current ? high : 0, position, modified };
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
