/** Names of the errors that leave the agent, each `org.dsecos.Error.<code>` on the bus. */
export const errorCodes = [
  "InvalidArgument",
  "NotFound",
  "Denied",
  "NeedsApproval",
  "Conflict",
  "QuotaExceeded",
  "Unavailable",
  "Timeout",
  "Internal",
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export const errorPrefix = "org.dsecos.Error.";

/** A failure with one sentence that says what to do; the only kind of error that callers see. */
export class DsecosError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = `${errorPrefix}${code}`;
    this.code = code;
  }
}

/** @returns the code of an error name as it came over the bus, or undefined for a foreign one. */
export function codeOfName(name: string): ErrorCode | undefined {
  if (!name.startsWith(errorPrefix)) return undefined;
  return errorCodes.find((code) => code === name.slice(errorPrefix.length));
}

/** For people, where nobody but the journal may have the rest; whoever asks logs the error. */
export function sentenceFor(error: unknown): string {
  if (error instanceof DsecosError) return error.message;
  return "An internal error happened; the journal of dsecos-agent explains it.";
}
