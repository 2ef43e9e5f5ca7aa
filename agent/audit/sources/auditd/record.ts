/**
 * One record of the Linux audit system, as auditd writes it to its log and to its plugins:
 *
 *     type=SYSCALL msg=audit(1700000000.123:456): arch=c000003e … key="x"␝ARCH=x86_64 …
 *
 * Values that a user can choose are in double quotes, or in upper-case hexadecimal where they hold
 * a space, a quote or anything that is no printable ASCII. Records of programs carry what the
 * program says in msg='…'. Behind the byte 0x1d stands what auditd looked up (ENRICHED). The three
 * are kept apart, and within one the first of two equal keys counts: nothing that a program or a
 * user writes can stand in for what the kernel says.
 */

export interface RecordHead {
  type: string;
  /** Milliseconds since 1970. */
  time: number;
  /** Shared by the records of one event. */
  serial: number;
  /** Where the fields begin. */
  at: number;
  line: string;
}

export interface Fields {
  /** Of the kernel, or for records of programs of the kernel about the program. */
  own: ReadonlyMap<string, string>;
  /** Of msg='…': what a program says. */
  said: ReadonlyMap<string, string>;
  /** Names that auditd looked up for numbers; keys in upper case. */
  names: ReadonlyMap<string, string>;
}

/** The kernel's longest record (MAX_AUDIT_MESSAGE_LENGTH is 8970), and what auditd adds. */
export const maxRecordBytes = 32_768;

const separator = "\u001d";
const headPattern = /^(?:node=\S+ )?type=([A-Z][A-Z0-9_]*|UNKNOWN\[\d{1,5}\]) msg=audit\(/;
const inside = / ?type=(?:[A-Z][A-Z0-9_]*|UNKNOWN\[\d{1,5}\]) msg=audit\(\d+\.\d{3}:\d+\):/;

/**
 * @returns undefined for what is no whole record. auditd's plugin cuts a record short when its
 * client is slow, and goes on with the next one on the same line; such a line is no record.
 */
export function parseHead(line: string): RecordHead | undefined {
  // Nearly all lines begin so; the pattern is for the others.
  let typeEnd = line.startsWith("type=") ? line.indexOf(" msg=audit(", 5) : -1;
  let type = typeEnd > 0 ? line.slice(5, typeEnd) : "";
  if (typeEnd < 0 || typeEnd > 60 || !isName(type)) {
    const match = headPattern.exec(line);
    if (match === null) return undefined;
    type = match[1] ?? "";
    typeEnd = match[0].length - " msg=audit(".length;
  }
  const begin = typeEnd + " msg=audit(".length;
  const end = line.indexOf("):", begin);
  if (end < 0 || end - begin > 40) return undefined;
  const dot = line.indexOf(".", begin);
  const colon = line.indexOf(":", begin);
  if (dot - begin > 12 || colon !== dot + 4 || colon > end) return undefined;
  const seconds = digits(line, begin, dot);
  const milliseconds = digits(line, dot + 1, colon);
  const serial = digits(line, colon + 1, end);
  if (line.indexOf("msg=audit(", end) >= 0 && inside.test(line.slice(end))) return undefined;
  if (!(seconds >= 0 && milliseconds >= 0 && serial <= 0xffffffff)) return undefined;
  return { type, time: seconds * 1000 + milliseconds, serial, at: end + 2, line };
}

/** @returns NaN unless there are digits and nothing else */
function digits(line: string, from: number, end: number): number {
  let value = from < end ? 0 : Number.NaN;
  for (let at = from; at < end; at++) {
    const digit = line.charCodeAt(at) - 48;
    value = digit >= 0 && digit <= 9 ? value * 10 + digit : Number.NaN;
  }
  return value;
}

/** Types come again and again; the pattern is tried once for each. */
const names = new Map<string, boolean>();

function isName(type: string): boolean {
  const known = names.get(type);
  if (known !== undefined) return known;
  const good = /^[A-Z][A-Z0-9_]*$/.test(type);
  if (names.size < 1_000) names.set(type, good);
  return good;
}

export function parseFields(line: string, at: number): Fields {
  const own = new Map<string, string>();
  const said = new Map<string, string>();
  const names = new Map<string, string>();
  const split = line.indexOf(separator, at);
  const end = split < 0 ? line.length : split;
  scan(line, at, end, own, said);
  if (split >= 0) scan(line, split + 1, line.length, names, names);
  return { own, said, names };
}

/** Reads key=value pairs; words without a `=` are skipped. */
function scan(
  line: string,
  from: number,
  end: number,
  into: Map<string, string>,
  said: Map<string, string>,
): void {
  let at = from;
  while (at < end) {
    const code = line.charCodeAt(at);
    // A space, and what older programs put around their pairs: commas, colons and parentheses.
    if (code === 32 || code === 44 || code === 40 || code === 41) {
      at += 1;
      continue;
    }
    const stop = endOf(line, at, end);
    const equals = line.indexOf("=", at);
    if (equals < 0 || equals >= stop) {
      at = stop + 1;
      continue;
    }
    const key = line.slice(at, equals);
    const quote = line[equals + 1];
    if (quote === "'" && key === "msg") {
      const last = line.lastIndexOf("'", end - 1);
      const close = last > equals + 1 ? last : end;
      scan(line, equals + 2, close, said, said);
      at = close + 1;
    } else if (quote === '"' || quote === "'") {
      const close = line.indexOf(quote, equals + 2);
      const until = close < 0 || close >= end ? end : close + 1;
      put(into, key, line.slice(equals + 1, until));
      at = until;
    } else {
      const value = line.slice(equals + 1, stop);
      put(into, key, quote === "(" ? value : value.replace(/[,)]+$/, ""));
      at = stop + 1;
    }
  }
}

function put(into: Map<string, string>, key: string, value: string): void {
  if (!into.has(key)) into.set(key, value);
}

function endOf(line: string, at: number, end: number): number {
  const space = line.indexOf(" ", at);
  return space < 0 || space > end ? end : space;
}

/**
 * One field of a record that the kernel alone writes, without reading the others. No value there
 * holds a space, so ` key=` is found nowhere but where a field begins.
 */
export function kernelField(line: string, at: number, key: string): string | undefined {
  const begin = line.indexOf(` ${key}=`, at);
  const split = line.indexOf(separator, at);
  if (begin < 0 || (split >= 0 && begin > split)) return undefined;
  const from = begin + key.length + 2;
  const space = line.indexOf(" ", from);
  const end = Math.min(space < 0 ? line.length : space, split < 0 ? line.length : split);
  return line.slice(from, end);
}

/** @returns the value without its quotes or hexadecimal; undefined for `(null)`, `(none)`, `?` */
export function decode(value: string | undefined): string | undefined {
  if (value === undefined || value === "" || value === "(null)" || value === "(none)")
    return undefined;
  if (value === "?" || value === '"?"') return undefined;
  const first = value[0];
  if (first === '"' || first === "'") {
    const last = value.length > 1 && value.endsWith(first) ? value.length - 1 : value.length;
    return value.slice(1, last);
  }
  return value;
}

/** Like `decode`, for fields that may be in hexadecimal: names, paths, commands, keys. */
export function decodeUntrusted(value: string | undefined): string | undefined {
  if (value === undefined || value.length % 2 !== 0 || !/^[0-9A-F]{2,}$/.test(value))
    return decode(value);
  return Buffer.from(value, "hex").toString("utf8");
}

/** `{ read write }` of a denial by SELinux. */
export function permissionsOf(line: string, at: number): string {
  const match = /^\s*avc:\s+(granted|denied)\s+\{ ([a-z0-9_ ]{1,500}) \}/.exec(line.slice(at));
  return match?.[2] ?? "";
}
