/** Turns what Incus and its socket say into errors with one sentence that says what to do. */
import { DsecosError, type ErrorCode } from "../bus/errors.ts";

export interface RefusalContext {
  path: string;
  project?: string | undefined;
}

export const stopped =
  "Incus is not running on this node; start it with “systemctl start incus” and try again.";

const busy =
  "The database of Incus is busy and did not answer in time; look whether it was done, then try again.";

/** Errors of the connection: no socket, nobody behind it, not allowed, broken off. */
export function errorOfConnection(error: Error, socketPath: string): DsecosError {
  if (error instanceof DsecosError) return error;
  const code = "code" in error ? String(error.code) : "";
  if (code === "ENOENT" || code === "ECONNREFUSED" || code === "ENOTSOCK") {
    return new DsecosError("Unavailable", stopped, { cause: error });
  }
  if (code === "EACCES" || code === "EPERM") {
    return new DsecosError(
      "Unavailable",
      `Incus does not let the agent use ${socketPath}; check the socket's owner and mode.`,
      { cause: error },
    );
  }
  if (code === "ECONNRESET" || code === "EPIPE") {
    return new DsecosError(
      "Unavailable",
      "Incus broke off the connection; if it is restarting, try again in a moment.",
      { cause: error },
    );
  }
  return new DsecosError("Unavailable", `Incus cannot be asked (${code || error.message}).`, {
    cause: error,
  });
}

/** Sentences of Incus about limits: aggregate limits, counts, and disks that are full. */
const quotaWords =
  /(reached maximum number|maximum aggregate value|is too low: |no space left|disk quota exceeded|quota.*exceeded)/i;
const conflictWords =
  /(already exists|already in use|already running|already stopped|is busy|not empty|only empty projects|currently in use|already frozen)/i;
const missingWords = /(not found|no such object|doesn't exist)/i;

/** Its database has one connection; with hundreds of projects its own tasks hold that for long. */
const busyWords = /(failed to begin transaction|context deadline exceeded)/i;

function codeOf(status: number, message: string): ErrorCode {
  if (quotaWords.test(message)) return "QuotaExceeded";
  if (status === 404) return "NotFound";
  if (status === 409 || status === 412 || conflictWords.test(message)) return "Conflict";
  if (missingWords.test(message)) return "NotFound";
  if (status === 403) return "Denied";
  if (status === 400) return "InvalidArgument";
  return "Unavailable";
}

/** @param status HTTP status or Incus's own code of an operation. */
export function errorOfAnswer(
  message: string,
  status: number,
  context: RefusalContext,
): DsecosError {
  const said = oneLine(message) || `status ${status}`;
  const code = codeOf(status, said);
  if (code === "Unavailable" && busyWords.test(said)) {
    return new DsecosError("Timeout", busy, { cause: new Error(said) });
  }
  const cause = new Error(`${context.path} (${context.project ?? "default"}): ${status} ${said}`);
  return new DsecosError(code, `${openings[code] ?? "Incus could not do it"}: ${said}.`, { cause });
}

const openings: Partial<Record<ErrorCode, string>> = {
  QuotaExceeded: "Incus refuses, since a limit would be exceeded",
  NotFound: "Incus does not know it",
  Conflict: "Incus refuses, since something stands in the way",
  Denied: "Incus forbids it",
  InvalidArgument: "Incus refuses the request",
};

/** Bounded, without control characters and without the full stop that we add. */
function oneLine(message: string): string {
  return String(message ?? "")
    .replace(/\p{Cc}+/gu, " ")
    .trim()
    .replace(/\.+$/, "")
    .slice(0, 400);
}
