/** What stands in a log's directory about its seals, and what is wrong with those of a TPM. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeEvent } from "../../agent/audit/event.ts";
import { readEnrolments } from "../../agent/audit/seal/enrolments.ts";
import type { Seal } from "../../agent/audit/seal/seals-file.ts";
import { LogReader } from "../../agent/audit/segments/reader.ts";
import { parseCheckpoint } from "../../agent/audit/tlog/checkpoint.ts";
import { parseNote } from "../../agent/audit/tlog/note.ts";
import { checkEnrolled, checkTpm, type Finding, type TpmSeal } from "../../agent/tpm/attest.ts";
import { parseAttest } from "../../agent/tpm/structures.ts";

export function sealsOf(directory: string): Seal[] {
  const folder = join(directory, "seals");
  return readdirSync(folder)
    .sort()
    .flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n").slice(0, -1))
    .map((line) => JSON.parse(line));
}

/** @returns number of events below the seal */
export const sizeOf = ({ checkpoint }: Seal) => parseCheckpoint(parseNote(checkpoint).text).size;

/** @returns those seals that a TPM has signed too */
export function tpmSealsOf(directory: string): TpmSeal[] {
  return sealsOf(directory).flatMap(({ checkpoint, tpm: seal }, line) =>
    seal === undefined
      ? []
      : [{ line: line + 1, checkpointText: parseNote(checkpoint).text, tpm: seal }],
  );
}

/** @returns value of the TPM's counter in a seal, -1 where it certifies no counter */
export function counterOf({ tpm: { counter } }: TpmSeal): bigint {
  const { attested } = parseAttest(Buffer.from(counter.attest, "base64"));
  return attested.type === "nv" ? attested.contents.readBigUInt64BE() : -1n;
}

/** @returns findings that make the log bad, with what the log tells of enrolments */
export async function tpmErrorsOf(directory: string): Promise<Finding[]> {
  const enrolments = await readEnrolments(directory);
  const reader = new LogReader(directory);
  reader.refresh();
  const told = enrolments.flatMap((enrolment) => {
    const [event] = reader.payloads(enrolment.from, 1);
    return checkEnrolled(enrolment, event && decodeEvent(event.payload, event.index));
  });
  reader.close();
  return [...checkTpm(enrolments, tpmSealsOf(directory), []), ...told].filter(
    ({ severity }) => severity === "E",
  );
}
