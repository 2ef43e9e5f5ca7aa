/** One token of the module: its sessions, whether somebody is logged in, and where its keys are. */

import type { Handle, Module } from "../pkcs11/module.ts";
import { CKF } from "../pkcs11/numbers.ts";
import type { KeyInToken } from "../types.ts";
import { isCkr } from "./failures.ts";
import type { SessionLine } from "./sessions.ts";

/** A key that was found, and is good for as long as the token does not say otherwise. */
export interface FoundKey {
  readonly handle: Handle;
  readonly algorithm: KeyInToken["algorithm"];
}

export class Token {
  readonly label: string;
  readonly slot: Handle;
  /** Those who wait for a session of it. */
  readonly line: SessionLine;
  readonly #module: Module;
  readonly #idle: Handle[] = [];
  /** By CKA_ID as hexadecimal. */
  readonly keys = new Map<string, FoundKey>();
  loggedIn = false;
  #open = 0;
  /** Counts up when its sessions end, so that one that was out is not put back. */
  #generation = 0;

  constructor(module: Module, label: string, slot: Handle, line: SessionLine) {
    this.#module = module;
    this.line = line;
    this.label = label;
    this.slot = slot;
  }

  /** @returns a session of nobody else; `login` is called while nobody is logged in. */
  take(login: (session: Handle) => void): { session: Handle; generation: number } {
    const idle = this.#idle.pop();
    if (idle !== undefined) return { session: idle, generation: this.#generation };
    const session = this.#module.C_OpenSession(this.slot, CKF.SERIAL_SESSION | CKF.RW_SESSION);
    this.#open += 1;
    if (!this.loggedIn) {
      try {
        login(session);
      } catch (error) {
        this.#close(session);
        throw error;
      }
      this.loggedIn = true;
    }
    return { session, generation: this.#generation };
  }

  give({ session, generation }: { session: Handle; generation: number }): void {
    // All of an earlier generation were closed together.
    if (generation === this.#generation) this.#idle.push(session);
  }

  get hasSessions(): boolean {
    return this.#open > 0;
  }

  /** Ends a session that nobody has. @returns whether there was one */
  closeIdle(): boolean {
    const idle = this.#idle.pop();
    if (idle === undefined) return false;
    this.#close(idle);
    return true;
  }

  /** Closes a session in which something was left undone. */
  discard({ session, generation }: { session: Handle; generation: number }): void {
    if (generation === this.#generation) this.#close(session);
  }

  /** Ends all sessions, and with them the login and what was known of objects. */
  reset(): void {
    this.#generation += 1;
    this.#idle.length = 0;
    this.#open = 0;
    this.#loggedOut();
    try {
      this.#module.C_CloseAllSessions(this.slot);
    } catch (error) {
      // Of a token that is gone there is nothing to close.
      if (!isCkr(error, "CKR_SLOT_ID_INVALID", "CKR_TOKEN_NOT_PRESENT", "CKR_DEVICE_REMOVED")) {
        throw error;
      }
    }
  }

  /** @returns whether the module still has this token, under its label. */
  isThere(): boolean {
    try {
      return trimmed(this.#module.C_GetTokenInfo(this.slot).label) === this.label;
    } catch {
      // Whatever it answers: a token that is there tells its name.
      return false;
    }
  }

  #loggedOut(): void {
    this.keys.clear();
    this.loggedIn = false;
  }

  /** With its last session a token ends the login. */
  #close(session: Handle): void {
    this.#open -= 1;
    if (this.#open <= 0) this.#loggedOut();
    try {
      this.#module.C_CloseSession(session);
    } catch (error) {
      if (!isCkr(error, "CKR_SESSION_HANDLE_INVALID", "CKR_SESSION_CLOSED")) throw error;
    }
  }
}

/** @returns a text of PKCS#11, which is padded with blanks. */
export function trimmed(text: string): string {
  return text.replace(/[\0 ]+$/, "");
}
