/** From lines, of auditd's log or of the kernel's ring buffer, to findings. */
import { Assembler } from "../../audit/sources/auditd/assemble.ts";
import { parseHead, type RecordHead } from "../../audit/sources/auditd/record.ts";
import { findingsOf } from "./parse.ts";
import type { Finding } from "./types.ts";

/** Events of which records may still come; a log of auditd has no mark for the end of one. */
const mostOpen = 1_024;

/** linux/audit.h and auditd's msg_typetab.h, of what matters here. */
const names: ReadonlyMap<string, string> = new Map([
  ["1107", "USER_AVC"],
  ["1300", "SYSCALL"],
  ["1302", "PATH"],
  ["1307", "CWD"],
  ["1320", "EOE"],
  ["1327", "PROCTITLE"],
  ["1400", "AVC"],
  ["1401", "SELINUX_ERR"],
  ["1403", "MAC_POLICY_LOAD"],
  ["1404", "MAC_STATUS"],
  ["1405", "MAC_CONFIG_CHANGE"],
]);

/** Behind the priority, the time since boot and what /dev/kmsg puts in front. */
const ringForm =
  /^(?:<\d{1,3}>)?(?:\d+,\d+,\d+,[^;]{1,40};)?(?:\[ *\d+\.\d+\] )?audit: type=(\d{4}) (audit\((\d{1,12})\.(\d{3}):(\d{1,10})\): ?)/;

/**
 * A record as the kernel writes it to its ring buffer while no auditd runs. Whoever may write to
 * /dev/kmsg can write such lines too, which auditd's log does not allow.
 */
export function parseRingLine(line: string): RecordHead | undefined {
  const match = ringForm.exec(line);
  const type = names.get(match?.[1] ?? "");
  if (match === null || type === undefined) return undefined;
  const [whole, , , seconds, milliseconds, serial] = match;
  const time = Number(seconds) * 1000 + Number(milliseconds);
  // One back, so that a blank stands in front of the first field, as fields are looked for.
  return { type, time, serial: Number(serial), at: whole.length - 1, line };
}

export class DenialLines {
  readonly #assembler: Assembler;
  /** Lines that are no records. */
  skipped = 0;

  constructor(found: (finding: Finding) => void) {
    this.#assembler = new Assembler((event) => {
      for (const finding of findingsOf(event)) found(finding);
    }, mostOpen);
  }

  line(line: string): void {
    const head = parseHead(line) ?? parseRingLine(line);
    if (head === undefined) this.skipped += 1;
    else this.#assembler.record(head, 0);
  }

  /** Hands out what waits for more. */
  end(): void {
    this.#assembler.flush();
  }
}
