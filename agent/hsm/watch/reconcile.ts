/**
 * Records beside objects, token by token. What broke off is taken back or finished; what is missing
 * freezes its key and is an alarm; nothing is ever removed or made anew because it is missing.
 */
import { DsecosError } from "../../bus/errors.ts";
import type { Log } from "../../log.ts";
import { forEachBounded } from "../../tenants/locks.ts";
import type { Core } from "../core.ts";
import { DriverError } from "../driver/types.ts";
import { asking } from "../errors.ts";
import { finishDestroying, isUnfinished } from "../keys/ending.ts";
import { headLabel, markOf, parseLabel, storedVersion } from "../keys/stored.ts";
import type { Revised, Token } from "../parts.ts";
import { tokenId } from "../tokens/label.ts";
import type { Alarms, Finding } from "./alarms.ts";
import { alarmKinds, certificateAlarmKinds } from "./answers.ts";
import { bothFound, type Compared, compare } from "./compare.ts";

/**
 * What this node marked is left for so long, in milliseconds: a driver makes a key for a minute at
 * most, and goes on with that when the agent that asked for it has ended.
 */
const ownMs = 75_000;
/** What another node marked is left to it for so long, in milliseconds. */
const othersMs = 900_000;
const everyKind = [...alarmKinds, ...certificateAlarmKinds];
/** Tokens that are looked through at once. */
const width = 2;

export interface ReconcilerParts {
  core: Core;
  alarms: Alarms;
  node: string;
  log: Log;
  now?: () => number;
}

export class Reconciler {
  readonly #parts: ReconcilerParts;
  readonly #now: () => number;
  #waits = false;

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
    this.#now = parts.now ?? Date.now;
  }

  /** Whether something that broke off a moment ago is still to be taken back. */
  get waits(): boolean {
    return this.#waits;
  }

  /**
   * What was frozen when the agent ended stays so until its token was looked through: to look through
   * all of them takes minutes where there are many.
   */
  restore(): void {
    const { core, alarms } = this.#parts;
    for (const [token, keys] of alarms.frozen()) {
      if (!core.frozen.has(token)) core.frozen.set(token, keys);
    }
  }

  /** Tells each token when it was looked through, with the reason where it could not be. */
  async all(
    signal: AbortSignal,
    told: (token: string, error?: string) => void = () => {},
    count: (tokens: number) => void = () => {},
  ): Promise<void> {
    const { core } = this.#parts;
    this.#waits = false;
    await core.drivers.load();
    core.book.forgetInfos();
    const known = await core.book.known();
    await this.#forget(
      new Set(known.map(({ declared }) => tokenId(declared.driver, declared.label))),
    );
    const tokens = known.flatMap(({ declared, token }) =>
      token === undefined ? [] : { declared, token },
    );
    count(tokens.length);
    await forEachBounded(tokens, width, async ({ declared, token }) => {
      if (signal.aborted) return;
      try {
        const isElsewhere = declared.node !== this.#parts.node;
        await this.token(token, isElsewhere, declared.serial);
        told(token.id);
      } catch (error) {
        if (!(error instanceof DsecosError)) throw error;
        // What was said of it before, such as that its PIN is taken, holds no longer.
        core.book.forgetInfos();
        told(token.id, error.message);
      }
    });
  }

  /** What was found of tokens that somebody forgot since is over; what is of no token stays. */
  async #forget(known: ReadonlySet<string>): Promise<void> {
    const { core, alarms } = this.#parts;
    for (const id of core.frozen.keys()) if (!known.has(id)) core.frozen.delete(id);
    core.records.retain(known);
    const told = new Set(alarms.all().map(({ token }) => token));
    for (const id of told) {
      if (id !== "" && !known.has(id)) await alarms.found(id, [], everyKind);
    }
  }

  /**
   * @param isElsewhere whether another node made it: then it is not missed here
   * @throws DsecosError where nobody could be asked; what was found before stays
   */
  async token(token: Token, isElsewhere = false, serial = ""): Promise<void> {
    const { core, alarms } = this.#parts;
    // What never was finished is no loss, and what another node made is not missed here.
    const isExpected = !isElsewhere && serial !== "";
    const seen = await core.book.info(token);
    if (seen === undefined && !isExpected) return alarms.found(token.id, []);
    const contents = await this.#contents(token);
    if (contents === "several") return alarms.found(token.id, [several(token)]);
    if (contents === undefined) {
      if (isExpected) await alarms.found(token.id, [absent(token)]);
      return;
    }
    if (seen === undefined) core.book.forgetInfos();
    const info = seen ?? (await core.book.info(token));
    await this.#finish(token, contents);
    const { findings, frozen } = await this.#compared(token);
    for (const broken of core.records.unreadable(token.id)) {
      findings.push(unreadable(token, broken));
    }
    if (info !== undefined && serial !== "" && serial !== info.serial) {
      findings.push(other(token, info.serial, serial));
    }
    core.frozen.set(token.id, frozen);
    await alarms.found(token.id, findings);
  }

  /** Compares, and once more where something is wrong: keys are made and destroyed meanwhile. */
  async #compared(token: Token): Promise<Compared> {
    const first = await this.#compareOnce(token);
    if (first.findings.length === 0) return first;
    return bothFound(first, await this.#compareOnce(token));
  }

  async #compareOnce(token: Token): Promise<Compared> {
    const { store, records } = this.#parts.core;
    const { driver, label } = token;
    const objects = await asking({ driver: driver.name, token: token.id }, () =>
      driver.keys(label),
    );
    const contents = await records.fresh(token);
    return compare(token, contents, store.foundIn(token, contents), objects);
  }

  /**
   * Asks the token itself: a module that missed its return sees it then.
   * @returns undefined where the token is not there
   */
  async #contents(token: Token): Promise<ReadonlyMap<string, Revised> | "several" | undefined> {
    try {
      return await this.#parts.core.records.fresh(token);
    } catch (error) {
      const cause = error instanceof DsecosError ? error.cause : undefined;
      const kind = cause instanceof DriverError ? cause.kind : "";
      if (kind === "tokenAbsent") return undefined;
      if (kind === "twoTokens") return "several";
      throw error;
    }
  }

  /** Takes back versions that no key names, and goes on with destroying what is destroyed. */
  async #finish(token: Token, contents: ReadonlyMap<string, Revised>): Promise<void> {
    const { core, log } = this.#parts;
    for (const [label, value] of contents) {
      if (!this.#isLeft(token, label, value, contents)) continue;
      log("info", "a key that was not finished is taken back", { token: token.id, label });
      await core.maker.takeBack(token, label);
    }
    for (const found of core.store.foundIn(token, contents)) {
      if (!isUnfinished(found)) continue;
      log("info", "a key goes on being destroyed", { token: token.id, key: found.record.name });
      await finishDestroying(found, core.records);
    }
  }

  #isLeft(
    token: Token,
    label: string,
    value: Revised,
    contents: ReadonlyMap<string, Revised>,
  ): boolean {
    const of = parseLabel(label);
    if (of?.version === undefined || this.#parts.core.maker.isBusy(token, label)) return false;
    const head = contents.get(headLabel(of.name)) as { newest?: number } | undefined;
    if ((head?.newest ?? 0) >= of.version) return false;
    const mark = markOf(value);
    if (mark === undefined) return storedVersion(value) !== undefined;
    const isOwn = mark.making.node === this.#parts.node;
    const isOver = this.#now() - Date.parse(mark.making.at) > (isOwn ? ownMs : othersMs);
    if (isOwn && !isOver) this.#waits = true;
    return isOver;
  }
}

function finding(token: Token, kind: Finding["kind"], key: string, what: string): Finding {
  return { kind, token: token.id, tenant: token.tenant, key, what };
}

const absent = (token: Token) =>
  finding(
    token,
    "tokenAbsent",
    "",
    `The token ${token.id} is gone, which does not mean that its keys are; bring it back from its backup, then let Reconcile look for it. Nothing of it was changed.`,
  );

const several = (token: Token) =>
  finding(
    token,
    "ambiguous",
    "",
    `More than one token is called ${token.id}, as where one came back after another was made for it; none is used. Find out which has the tenant's keys, let who runs the HSM take the other away, then ask for Reconcile.`,
  );

const unreadable = (token: Token, label: string) =>
  finding(
    token,
    "unreadable",
    label,
    `What the token ${token.id} keeps as ${label} cannot be read; restore the token from its backup.`,
  );

const other = (token: Token, serial: string, before: string) =>
  finding(
    token,
    "otherToken",
    "",
    `The token ${token.id} has the serial number ${serial} and had ${before}; find out who put another in its place.`,
  );
