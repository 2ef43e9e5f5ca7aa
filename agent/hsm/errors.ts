/** What a driver's failure means to people: one sentence that says what to do. */
import { DsecosError, type ErrorCode } from "../bus/errors.ts";
import type { Level } from "../log.ts";
import { DriverError, type DriverErrorKind } from "./driver/types.ts";

/** What was asked of, for the sentence; `token` is `<driver>/<label>`. */
export interface Asked {
  driver: string;
  token?: string;
}

type Sentence = (at: string, asked: Asked, ckr: string) => string;

const sentences: Record<DriverErrorKind, { code: ErrorCode; say: Sentence }> = {
  unavailable: {
    code: "Unavailable",
    say: (_at, { driver }) =>
      `The driver ${driver} is not ready; it is begun again by itself, so try again in a moment or look at “journalctl -u dsecos-hsm@${driver}”.`,
  },
  closed: {
    code: "Unavailable",
    say: (_at, { driver }) =>
      `The driver ${driver} was let go meanwhile, since its file in /etc/dsecos/hsm.d went or changed; see what drivers there are with “dsecos hsm get-drivers” and ask again.`,
  },
  timeout: {
    code: "Timeout",
    say: (_at, { driver }) =>
      `The module of driver ${driver} did not answer in time and is begun anew; look whether it took place, and at the HSM or the way to it.`,
  },
  tokenAbsent: {
    code: "Unavailable",
    say: (at) =>
      `The token ${at} is not there, which does not mean that its keys are gone; bring it back, nothing of it was changed.`,
  },
  keyMissing: {
    code: "Unavailable",
    say: (at) =>
      `The token ${at} is there and lacks this key's object; restore the token from its backup, and do not make the key anew before.`,
  },
  ambiguous: {
    code: "Conflict",
    say: (at) =>
      `More than one object of the token ${at} has this key's id, so none is used; let whoever put the others there remove them.`,
  },
  pinWrong: {
    code: "Unavailable",
    say: (at, { driver }) =>
      `The token ${at} refused the PIN, which is not tried again by itself; put the credential of driver ${driver} right and ask for RetryPin.`,
  },
  pinLocked: {
    code: "Unavailable",
    say: (at) =>
      `The token ${at} has locked its PIN; its security officer must set a new one, which ResetPin does with a second person.`,
  },
  noPin: {
    code: "Unavailable",
    say: (_at, { driver }) =>
      `The driver ${driver} was given no PIN, so its tokens stay closed; give it its credential as “man dsecos-hsm” says, then run “systemctl restart dsecos-hsm@${driver}”.`,
  },
  refused: {
    code: "InvalidArgument",
    say: () =>
      "This mechanism is not allowed for this kind of key; use the key as its algorithm says.",
  },
  authentication: {
    code: "InvalidArgument",
    say: () =>
      "This is not what was encrypted: the data, its tenant, key, region or context differ; give them as they were.",
  },
  badKey: {
    code: "Conflict",
    say: (at) =>
      `The token ${at} made a key that could leave it; the key was destroyed. Let the maker of its module put that right.`,
  },
  exists: {
    code: "Conflict",
    say: (at) => `The token ${at} has this already; list it, and choose another name.`,
  },
  unsupported: {
    code: "InvalidArgument",
    say: (at) => `The token ${at} has no mechanism for this; choose another algorithm or driver.`,
  },
  full: {
    code: "QuotaExceeded",
    say: (at) =>
      `The token ${at} has no room left; destroy keys that are not needed, or enlarge it.`,
  },
  diskFull: {
    code: "Unavailable",
    say: (_at, { driver }) =>
      `The disk with the state of driver ${driver} is full, so nothing was done; make room in /var/lib/dsecos-hsm/${driver} and try again.`,
  },
  busy: {
    code: "Unavailable",
    say: (_at, { driver }) =>
      `All sessions of the HSM of driver ${driver} are in use; try again in a moment, and if it lasts, let who runs the HSM allow more.`,
  },
  twoTokens: {
    code: "Unavailable",
    say: (at) =>
      `More than one token is called as ${at} is, so none of them is used; let whoever put the other there take it away, then ask for Reconcile.`,
  },
  module: {
    code: "Unavailable",
    say: (_at, { driver }, ckr) =>
      `The module of driver ${driver} failed${ckr === "" ? "" : ` with ${ckr}`}; “journalctl -u dsecos-hsm@${driver}” says more.`,
  },
};

export function explainDriver(error: DriverError, asked: Asked): DsecosError {
  const { code, say } = sentences[error.kind];
  return new DsecosError(code, say(asked.token ?? asked.driver, asked, error.ckr), {
    cause: error,
  });
}

/** Runs an operation of a driver; its failures become sentences, all others stay as they are. */
export async function asking<T>(asked: Asked, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof DriverError ? explainDriver(error, asked) : error;
  }
}

/** How loudly a failure of one driver is told: that the agent itself let go of it is no fault. */
export function levelOfDriver(error: unknown): Level {
  const cause = error instanceof DsecosError ? error.cause : error;
  return cause instanceof DriverError && cause.kind === "closed" ? "debug" : "warning";
}

/** What the journal makes of a failure that is tried again by itself: an engine that is away is news. */
export function levelOf(error: unknown): Level {
  const code = error instanceof DsecosError ? error.code : "Internal";
  return code === "Unavailable" || code === "Timeout" ? "info" : "warning";
}
