/** Puts the records of one event together. */
import { isDaemon, kindOf, standsAlone } from "./kinds.ts";
import { kernelField, parseHead, type RecordHead } from "./record.ts";

export interface KernelEvent {
  serial: number;
  time: number;
  /** Counted by auditd, not by the kernel. */
  daemon: boolean;
  records: RecordHead[];
  /** The kernel said that this was all. */
  ended: boolean;
}

/** Records of one event; a program with very many arguments makes some. */
const mostRecords = 256;

interface Open {
  event: KernelEvent;
  /** When it was last added to, monotonic milliseconds. */
  at: number;
}

export class Assembler {
  readonly #open = new Map<number, Open>();
  readonly #emit: (event: KernelEvent) => void;
  readonly #mostOpen: number;

  /** @param mostOpen events that wait for more of their records; beyond that the first is closed */
  constructor(emit: (event: KernelEvent) => void, mostOpen = 8_192) {
    this.#emit = emit;
    this.#mostOpen = mostOpen;
  }

  get size(): number {
    return this.#open.size;
  }

  has(serial: number): boolean {
    return this.#open.has(serial);
  }

  /** @returns the head; undefined for a line that is no record */
  line(line: string, now: number): RecordHead | undefined {
    const head = parseHead(line);
    if (head === undefined) return undefined;
    this.record(head, now);
    return head;
  }

  record(record: RecordHead, now: number): void {
    const { serial, time, type } = record;
    if (standsAlone(type)) {
      this.#emit({ serial, time, daemon: isDaemon(type), records: [record], ended: true });
      return;
    }
    let open = this.#open.get(serial);
    if (open !== undefined && open.event.time !== time) {
      // The same number at another time: the system was started again in between.
      this.#close(serial, open);
      open = undefined;
    }
    if (open === undefined) {
      open = { event: { serial, time, daemon: false, records: [], ended: false }, at: now };
      this.#open.set(serial, open);
    }
    open.at = now;
    if (type === "EOE") {
      open.event.ended = true;
      this.#close(serial, open);
      return;
    }
    if (open.event.records.length < mostRecords) open.event.records.push(record);
    if (this.#open.size > this.#mostOpen) this.#closeFirst();
  }

  /** Closes what nothing was added to since the given time; without one, everything. */
  flush(before = Number.POSITIVE_INFINITY): void {
    for (const [serial, open] of this.#open) {
      if (open.at < before) this.#close(serial, open);
    }
  }

  #closeFirst(): void {
    const [first] = this.#open;
    if (first !== undefined) this.#close(...first);
  }

  #close(serial: number, open: Open): void {
    this.#open.delete(serial);
    this.#emit(open.event);
  }
}

/**
 * Whether records of an event are missing, as far as the others tell. auditd's plugin drops single
 * records when it cannot keep up, not whole events.
 * @param titled whether system calls of this machine come with their command line; a rule can
 *   leave it out
 */
export function isWhole(event: KernelEvent, titled: boolean): boolean {
  if (event.records.length === 0) return false;
  const [only] = event.records;
  if (only !== undefined && standsAlone(only.type)) return true;
  const call = event.records.find(({ type }) => type === "SYSCALL");
  // The kernel ends no event without one; what it writes by itself has no end.
  if (call === undefined) return false;
  const has = (type: string) => event.records.some((record) => record.type === type);
  if (titled ? !has("PROCTITLE") : !event.ended) return false;
  const items = Number(kernelField(call.line, call.at, "items"));
  const paths = event.records.filter(({ type }) => type === "PATH").length;
  if (Number.isInteger(items) && paths < items) return false;
  if (paths > 0 && !has("CWD")) return false;
  const executed = call.line.includes(" syscall=59 ") || call.line.includes(" syscall=322 ");
  if (executed && call.line.includes(" success=yes ") && !has("EXECVE")) return false;
  // Why was it recorded at all? Something that was must tell.
  const reason = event.records.some(
    ({ type }) => type !== "SYSCALL" && type !== "URINGOP" && kindOf(type).use !== "part",
  );
  return reason || kernelField(call.line, call.at, "key") !== "(null)";
}

/** @returns the records of both, each of them once */
export function merged(one: KernelEvent, other: KernelEvent): KernelEvent {
  const known = new Set(one.records.map(({ line }) => line));
  const more = other.records.filter(({ line }) => !known.has(line));
  const records = [...one.records, ...more].slice(0, mostRecords);
  return { ...one, records, ended: one.ended || other.ended };
}
