/** Whether the journal still has all that came after an entry. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { ExportParser } from "./export.ts";

const execute = promisify(execFile);
const limits = { timeout: 10_000, maxBuffer: 1024 * 1024, encoding: "buffer" } as const;

/**
 * Asks without any filter for what stands at a cursor: journald numbers its entries, so the one
 * there or the very next one shows that nothing was removed in between. A search with filters may
 * begin behind the entry that it is asked to begin with.
 */
export async function isContinuous(
  cursor: string,
  directory: string | undefined,
): Promise<boolean> {
  const { stdout } = await execute(
    "journalctl",
    [
      ...["--output=export", "--quiet", "--lines=1", `--cursor=${cursor}`],
      ...["--output-fields=_PID", ...(directory === undefined ? [] : [`--directory=${directory}`])],
    ],
    limits,
  );
  const [entry] = new ExportParser().push(stdout);
  const [asked, found] = [placeOf(cursor), placeOf(entry?.get("__CURSOR") ?? "")];
  if (asked === undefined || found === undefined || asked.log !== found.log) return false;
  return found.number <= asked.number + 1n;
}

/** `s=<id of the numbering>;i=<number in hexadecimal>;…` */
function placeOf(cursor: string): { log: string; number: bigint } | undefined {
  const [, log, number] = /^s=([0-9a-f]{32});i=([0-9a-f]{1,16});/.exec(cursor) ?? [];
  if (log === undefined || number === undefined) return undefined;
  return { log, number: BigInt(`0x${number}`) };
}
