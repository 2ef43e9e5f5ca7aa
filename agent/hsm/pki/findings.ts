/** What can be wrong with an authority's directory, as sentences that say what to do. */
import type { CertificateAlarmKind } from "../watch/answers.ts";
import type { CertificateDirectory } from "./directory.ts";

export interface CertificateFinding {
  readonly kind: CertificateAlarmKind;
  readonly what: string;
}

/** What one look at a directory found: serial numbers, and paths of files. */
export interface Look {
  readonly missing: readonly string[];
  readonly missingRevocations: readonly string[];
  readonly foreign: readonly string[];
  readonly changedRevocations: readonly string[];
  readonly unreadable: readonly string[];
  /** Whether list.json says what the newest list was. */
  readonly list: "right" | "changed" | "missing";
}

/** Serial numbers that one sentence names. */
const named = 3;

/** @param lost certificates that stood on the newest list and are not known to be revoked now */
export function findingsOf(
  { path, unasked, revocations }: CertificateDirectory,
  look: Look,
  lost: number,
): CertificateFinding[] {
  const found: CertificateFinding[] = [];
  const say = (
    kind: CertificateAlarmKind,
    which: readonly string[],
    sentence: (some: string) => string,
  ) => {
    if (which.length > 0) found.push({ kind, what: sentence(some(which)) });
  };
  say(
    "certificateMissing",
    look.missing,
    (which) =>
      `Certificates that were issued are missing in ${path}: ${which}. Somebody removed them; put them back from the backup, or revoke them.`,
  );
  say(
    "revocationMissing",
    look.missingRevocations,
    (which) =>
      `Revocations are missing in ${path}: ${which}. They hold all the same; revoke each again to write it anew, and find out who removed it.`,
  );
  say(
    "certificateForeign",
    look.foreign,
    (which) =>
      `Files in ${path} are not what this authority issued: ${which}. Somebody put them there; they count for nothing. Remove them.`,
  );
  say(
    "revocationChanged",
    look.changedRevocations,
    (which) =>
      `Revocations in ${path} are not as they are on record: ${which}. Somebody changed them; the record holds. Revoke each again to write it anew.`,
  );
  say(
    "revocationUnasked",
    [...unasked.revocations],
    (which) =>
      `Certificates were revoked by files in ${path} that nobody asked for: ${which}. They are revoked for good; find out who put the files there, and revoke each once more to confirm it.`,
  );
  say(
    "certificateUnasked",
    [...unasked.certificates].filter((serial) => !revocations.has(serial)),
    (which) =>
      `Certificates in ${path} have the authority's signature, and nobody asked for them: ${which}. Somebody may have used its key; revoke them and find out who.`,
  );
  say(
    "filesUnreadable",
    look.unreadable,
    (which) =>
      `Files cannot be understood and count for nothing: ${which}. Somebody put them there or changed them; put back what was there from the backup.`,
  );
  if (look.list !== "right") {
    const what = `${path}/list.json is ${look.list === "missing" ? "missing" : "not as it is on record"}: somebody ${look.list === "missing" ? "removed" : "changed"} it. The record holds, and the next list writes it anew.`;
    found.push({ kind: "listChanged", what });
  }
  if (lost > 0) {
    const what = `The newest list of revoked certificates of ${path} had ${lost} more than are known of now; put that directory and the audit log back from the backup before the next list is used.`;
    found.push({ kind: "listLost", what });
  }
  return found;
}

function some(which: readonly string[]): string {
  const rest = which.length - named;
  const first = which.slice(0, named).join(", ");
  return rest > 0 ? `${first} and ${rest} more` : first;
}
