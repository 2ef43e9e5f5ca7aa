/**
 * The tokens of a module by label, and the way back when one of them ends its sessions, forgets its
 * objects, or was gone and is there again.
 */
import type { Log } from "../../../log.ts";
import { Pkcs11Failure } from "../pkcs11/ckr.ts";
import { findObjects, type Handle, initialize, type Module } from "../pkcs11/module.ts";
import { CKF, CKS, CKU } from "../pkcs11/numbers.ts";
import { DriverError } from "../types.ts";
import { absent, endsHandles, endsModule, endsSession, isCkr, toDriverError } from "./failures.ts";
import { Gate } from "./gate.ts";
import { officerOf, pinRefused, type Refusals } from "./refusals.ts";
import type { Pins } from "./secret.ts";
import { Returns, SessionLine } from "./sessions.ts";
import { Token, trimmed } from "./token.ts";

/** A token that is not there is looked for by beginning the module anew, but not all the time. */
const firstWaitMs = 500;
const longestWaitMs = 30_000;
/** CKR_USER_NOT_LOGGED_IN */
const notLoggedIn = 0x101;

export type Work<T> = (session: Handle, token: Token) => T | Promise<T>;

export class Tokens {
  readonly module: Module;
  readonly #pins: Pins;
  readonly #refusals: Refusals;
  readonly #log: Log;
  readonly #known = new Map<string, Token>();
  readonly gate = new Gate();
  readonly #broken: (why: string) => never;
  readonly #returns = new Returns();
  readonly #mostWaitMs: number;
  #restarting: Promise<void> | undefined;
  #nextRestart = 0;
  #waitMs = firstWaitMs;

  /**
   * @param broken ends the process when the module is of no use any more
   * @param mostWaitMs how long a call waits for a session
   */
  constructor(
    module: Module,
    pins: Pins,
    refusals: Refusals,
    log: Log,
    broken: (why: string) => never,
    mostWaitMs: number,
  ) {
    this.module = module;
    this.#mostWaitMs = mostWaitMs;
    this.#broken = broken;
    this.#pins = pins;
    this.#refusals = refusals;
    this.#log = log;
  }

  /**
   * Does something in a session of its own, logged in. When the session or a handle turns out to have
   * ended, it is done once more from the beginning, unless `again` is false.
   */
  async run<T>(label: string, doing: string, work: Work<T>, again = true): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      const waiting = this.gate.enter();
      if (waiting !== undefined) await waiting;
      let token: Token | undefined;
      let failed: unknown;
      try {
        token = this.find(label);
        const result = await this.#session(token, work);
        if (attempt > 0) this.#waitMs = firstWaitMs;
        return result;
      } catch (error) {
        failed = error;
      } finally {
        this.gate.leave();
      }
      const last = attempt > 0 || !again;
      if (!(await this.#recovered(failed, label, token, last))) throw toDriverError(failed, doing);
    }
  }

  async #session<T>(token: Token, work: Work<T>): Promise<T> {
    const open = () => token.take((session) => this.#login(token, session));
    const taking = token.line.take(open, () => this.#makeRoom(token));
    const taken = taking instanceof Promise ? await taking : taking;
    let sound = true;
    try {
      return await work(taken.session, token);
    } catch (error) {
      sound = !isCkr(error, "CKR_OPERATION_ACTIVE");
      throw error;
    } finally {
      if (sound) token.give(taken);
      else token.discard(taken);
      this.#returns.tell();
    }
  }

  /**
   * Ends a session of another token that nobody has. A token with sessions of its own gets one of
   * them back, and would only take the others' logins.
   */
  #makeRoom(token: Token): boolean {
    return !token.hasSessions && this.closeIdle();
  }

  /** @returns whether there was a session that nobody has, which is closed now. */
  closeIdle(): boolean {
    return [...this.#known.values()].some((token) => token.closeIdle());
  }

  /** @returns whether it is worth doing once more. @throws DriverError tokenAbsent */
  async #recovered(error: unknown, label: string, token: Token | undefined, last: boolean) {
    if (error instanceof DriverError) {
      if (error.kind !== "tokenAbsent" && error.kind !== "keyMissing") return false;
      // No key may mean no token; and a token may be back.
      if (token?.isThere()) return false;
      this.#forget(token);
      if (!last && (await this.restart())) return true;
      throw absent(label);
    }
    if (endsModule(error)) {
      this.#forget(token);
      return !last && (await this.restart());
    }
    if (token === undefined) return false;
    if (!token.isThere()) {
      this.#forget(token);
      if (!last && (await this.restart())) return true;
      throw absent(label);
    }
    if (endsHandles(error)) {
      token.keys.clear();
      return !last;
    }
    // That one session was not as it should be, and is closed.
    if (isCkr(error, "CKR_OPERATION_ACTIVE")) return !last;
    if (!endsSession(error)) return false;
    token.reset();
    return !last;
  }

  #forget(token: Token | undefined): void {
    if (token === undefined) return;
    this.#known.delete(token.label);
    try {
      token.reset();
    } catch (error) {
      this.#log("warning", "sessions of a token that is gone do not end", {
        token: token.label,
        why: String(error),
      });
    }
  }

  #login(token: Token, session: Handle): void {
    const refused = this.#refusals.of(token.label);
    if (refused !== undefined) throw pinRefused(refused, token.label);
    this.#refusals.makeRoom(token.label);
    try {
      this.module.C_Login(session, CKU.USER, this.#pins.user(token.label));
    } catch (error) {
      if (isCkr(error, "CKR_USER_ALREADY_LOGGED_IN")) return;
      this.refuse(token.label, error);
      throw error;
    }
  }

  /** Remembers a PIN that the token does not take. @throws DriverError when it is one */
  refuse(label: string, error: unknown): void {
    if (isCkr(error, "CKR_PIN_INCORRECT", "CKR_PIN_LEN_RANGE", "CKR_PIN_INVALID")) {
      this.#refusals.add(label, "pinWrong");
      throw pinRefused("pinWrong", label, error.ckr);
    }
    if (isCkr(error, "CKR_PIN_LOCKED")) {
      this.#refusals.add(label, "pinLocked");
      throw pinRefused("pinLocked", label, error.ckr);
    }
  }

  loginOf(label: string): "closed" | "open" | "pinWrong" | "pinLocked" {
    const refused = this.#refusals.of(label);
    if (refused !== undefined) return refused;
    return this.#known.get(label)?.loggedIn === true ? "open" : "closed";
  }

  retryPin(label: string): void {
    this.#refusals.clear(label);
    this.#refusals.clear(officerOf(label));
  }

  /**
   * Before the PIN of the token's security officer is tried.
   * @throws DriverError when it was refused before
   */
  checkOfficer(label: string): void {
    const refused = this.#refusals.of(officerOf(label));
    if (refused !== undefined) throw pinRefused(refused, officerOf(label));
    this.#refusals.makeRoom(officerOf(label));
  }

  refuseOfficer(label: string, error: unknown): void {
    this.refuse(officerOf(label), error);
  }

  /** @throws DriverError tokenAbsent, twoTokens */
  find(label: string): Token {
    const known = this.#known.get(label);
    if (known !== undefined) return known;
    const slots = this.slotsOf(label);
    if (slots.length > 1) {
      throw new DriverError("twoTokens", `${slots.length} tokens are called ${label}`);
    }
    const [slot] = slots;
    if (slot === undefined) throw absent(label);
    const line = new SessionLine(this.#returns, this.#mostWaitMs);
    const token = new Token(this.module, label, slot, line);
    this.#known.set(label, token);
    return token;
  }

  slotsOf(label: string): Handle[] {
    return this.module.C_GetSlotList(true).filter((slot) => {
      try {
        const info = this.module.C_GetTokenInfo(slot);
        return (info.flags & CKF.TOKEN_INITIALIZED) !== 0 && trimmed(info.label) === label;
      } catch (error) {
        this.#log("debug", "a slot does not tell its token", { why: String(error) });
        return false;
      }
    });
  }

  /** Ends the sessions of a token, for what its security officer does. */
  close(label: string): void {
    this.#known.get(label)?.reset();
  }

  /**
   * Begins the module anew, which alone makes it see a token that is back.
   *
   * @returns false when it was done a short while ago: then there is no use in it.
   */
  async restart(): Promise<boolean> {
    if (this.#restarting !== undefined) {
      await this.#restarting;
      return true;
    }
    const now = performance.now();
    if (now < this.#nextRestart) return false;
    this.#nextRestart = now + this.#waitMs;
    this.#waitMs = Math.min(this.#waitMs * 2, longestWaitMs);
    this.#restarting = this.beginAnew();
    try {
      await this.#restarting;
    } finally {
      this.#restarting = undefined;
    }
    return true;
  }

  beginAnew(): Promise<void> {
    return this.gate.alone(() => this.#beginAnew());
  }

  #beginAnew(): void {
    this.#known.clear();
    try {
      try {
        this.module.C_Finalize();
      } catch (error) {
        if (!endsModule(error)) throw error;
      }
      initialize(this.module);
    } catch (error) {
      this.#broken(`the module does not begin anew: ${String(error)}`);
    }
  }

  /**
   * Private objects alone are of interest, and to who is not logged in a token shows none of them and
   * no error: that must not be taken for a token without keys.
   *
   * @throws Pkcs11Failure CKR_USER_NOT_LOGGED_IN
   */
  objects(session: Handle, template: Parameters<typeof findObjects>[2]): Handle[] {
    const found = findObjects(this.module, session, template);
    const { state } = this.module.C_GetSessionInfo(session);
    if (state !== CKS.RW_USER_FUNCTIONS) throw new Pkcs11Failure(notLoggedIn);
    return found;
  }
}
