/** What a failure of the module means for whoever asked. */

import { Pkcs11Failure } from "../pkcs11/ckr.ts";
import { DriverError, type DriverErrorKind } from "../types.ts";

const kinds: Record<string, DriverErrorKind> = {
  CKR_PIN_INCORRECT: "pinWrong",
  CKR_PIN_LOCKED: "pinLocked",
  CKR_TOKEN_NOT_PRESENT: "tokenAbsent",
  CKR_TOKEN_NOT_RECOGNIZED: "tokenAbsent",
  CKR_DEVICE_REMOVED: "tokenAbsent",
  CKR_SLOT_ID_INVALID: "tokenAbsent",
  CKR_DEVICE_MEMORY: "full",
  CKR_TOKEN_RESOURCE_EXCEEDED: "full",
  CKR_MECHANISM_INVALID: "unsupported",
  CKR_SESSION_COUNT: "busy",
};

/** Sessions that ended, on their own or with somebody's login: nothing was done yet. */
const sessionEnds = new Set([
  "CKR_SESSION_HANDLE_INVALID",
  "CKR_SESSION_CLOSED",
  "CKR_USER_NOT_LOGGED_IN",
]);

/** Objects that are not where they were found. */
const handleEnds = new Set(["CKR_OBJECT_HANDLE_INVALID", "CKR_KEY_HANDLE_INVALID"]);

export const endsSession = (error: unknown): boolean =>
  error instanceof Pkcs11Failure && sessionEnds.has(error.ckr);

export const endsHandles = (error: unknown): boolean =>
  error instanceof Pkcs11Failure && handleEnds.has(error.ckr);

export const endsModule = (error: unknown): boolean =>
  error instanceof Pkcs11Failure && error.ckr === "CKR_CRYPTOKI_NOT_INITIALIZED";

export const isCkr = (error: unknown, ...names: string[]): error is Pkcs11Failure =>
  error instanceof Pkcs11Failure && names.includes(error.ckr);

/** @param doing in words, for example `sign` */
export function toDriverError(error: unknown, doing: string): DriverError {
  if (error instanceof DriverError) return error;
  if (error instanceof Pkcs11Failure) {
    const kind = kinds[error.ckr] ?? "module";
    return new DriverError(kind, `${doing}: the module gave ${error.ckr}`, error.ckr);
  }
  if ((error as NodeJS.ErrnoException)?.code === "ENOSPC") {
    return new DriverError("diskFull", `${doing}: the disk of the driver's state is full`);
  }
  return new DriverError("module", `${doing}: ${error instanceof Error ? error.message : error}`);
}

export const absent = (label: string) =>
  new DriverError("tokenAbsent", `the token ${label} is not there`);
