/**
 * A helper process with one connection to Ceph, looked after. Its state is known within 5 s of any
 * change, since the monitors are asked every second and have 2.5 s to answer.
 */
import { fileURLToPath } from "node:url";
import { DsecosError } from "../../bus/errors.ts";
import { explain, type Log } from "../../log.ts";
import { markOf } from "./files.ts";
import type { Header } from "./frames.ts";
import { Probe, probeMs } from "./probe.ts";
import { type Answer, Helper, HelperError } from "./process.ts";
import type { CephState, CephStatus, Target } from "./types.ts";
import {
  commandError,
  isDenial,
  isMissing,
  isTimeout,
  lateError,
  type Places,
  reasons,
} from "./words.ts";

const tickMs = 1000;
const connectSeconds = 3;
/** librados ends a command by then; the helper that says nothing a second later hangs. */
const commandSeconds = 5;
/** To make an image is several commands, and a program that makes its header. */
const imagesSeconds = 60;
/** For the helper itself, which only has to read a line. */
const pingMs = 2500;
/** Until it says its first word: a node that is busy or slow takes long to load Ceph's libraries. */
const startMs = 20_000;
/** Largest answer: the placement groups of a cluster with 100,000 of them are a third of it. */
const mostBytes = 64 * 1024 * 1024;
/** A key that was changed meanwhile looks like monitors that are silent; a new connection tells. */
const probesUntilNew = 4;
const longestWaitMs = 30_000;
const lasting: ReadonlySet<CephState> = new Set(["noQuorum", "refused", "old", "failed"]);

export interface LinkOptions extends Places {
  log: Log;
  /** Path of the helper's program, ceph-helper.py beside the agent unless told. */
  program?: string;
}

const ownProgram = fileURLToPath(new URL("ceph-helper.py", import.meta.url));

export const nameOf = (to: Target) => (typeof to === "number" ? `osd.${to}` : to);

export class Connection {
  readonly #options: LinkOptions;
  readonly #log: Log;
  readonly #monitors: Probe;
  readonly listeners: (() => void)[] = [];
  #helper: Helper | undefined;
  #connected = false;
  #timer: NodeJS.Timeout | undefined;
  #ticking: Promise<void> = Promise.resolve();
  #closed = false;
  /** Of the configuration and the keyring, so that new ones are taken up. */
  #files = "";
  #failures = 0;
  #notBefore = 0;
  #silent = 0;
  #askingManager = false;
  #managerSilent = false;
  #health = "";
  status: CephStatus = {
    state: "starting",
    since: new Date().toISOString(),
    reason: reasons.starting,
    version: "",
    fsid: "",
  };

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#monitors = new Probe(options);
  }

  begin(): void {
    this.#ticking = this.#tick()
      .catch((error) => {
        this.#log("error", "the link to Ceph cannot be looked after", { error: explain(error) });
      })
      .then(() => {
        if (!this.#closed) this.#timer = setTimeout(() => this.begin(), tickMs).unref();
      });
  }

  async #tick(): Promise<void> {
    if (!(await this.#lookAtFiles()) || this.#closed) return;
    if (this.#helper === undefined) {
      if (performance.now() >= this.#notBefore) this.#spawn();
      return;
    }
    if (await this.#hangs(this.#helper)) return;
    if (!this.#connected || this.#helper === undefined) return;
    // Not waited for: it may hang by itself, and the monitors are to be asked again in time.
    if (this.status.state === "ready") this.#probeManager(this.#helper);
    await this.#probe(this.#helper);
  }

  /** @returns whether there is what a connection needs */
  async #lookAtFiles(): Promise<boolean> {
    const { config, keyring } = this.#options;
    const [first, second] = await Promise.all([markOf(config), markOf(keyring)]);
    const lacking =
      first === "" ? "notConfigured" : second === "" ? ("noKeyring" as const) : undefined;
    const files = `${first} ${second}`;
    if (files !== this.#files || lacking !== undefined) {
      this.#files = files;
      this.#drop();
      this.#failures = 0;
      this.#notBefore = 0;
    }
    if (lacking === undefined) return true;
    this.#change(lacking, reasons[lacking](this.#options), { version: "", fsid: "" });
    return false;
  }

  #spawn(): void {
    const { program = ownProgram, config, user, keyring } = this.#options;
    const helper: Helper = new Helper({
      program,
      args: [
        ...["--conf", config, "--user", user, "--keyring", keyring],
        ...["--seconds", String(commandSeconds), "--connect-seconds", String(connectSeconds)],
        ...["--most-bytes", String(mostBytes)],
      ],
      mostBytes,
      event: (header) => {
        if (helper === this.#helper) this.#told(helper, header);
      },
      ended: (why) => {
        if (helper === this.#helper) this.#ended(why);
      },
    });
    this.#helper = helper;
    this.#connected = false;
    this.#silent = 0;
    this.#managerSilent = false;
    // One that failed before is said to be failing until it is known to be better.
    if (!lasting.has(this.status.state)) this.#change("starting", reasons.starting);
  }

  #told(helper: Helper, { event, ret, words, fsid }: Header): void {
    if (event === "connected") {
      this.#connected = true;
      // At once: it is known, however long the first answer takes.
      this.status = { ...this.status, fsid };
      this.#probe(helper).catch((error) => {
        this.#log("error", "the monitors could not be asked", { error: explain(error) });
      });
      return;
    }
    // It ends by itself; the next tick begins another.
    this.#drop();
    if (event === "missing") {
      this.#notBefore = performance.now() + longestWaitMs;
      this.#change("notInstalled", reasons.notInstalled);
    } else if (isTimeout(ret)) {
      this.#change("noQuorum", reasons.noQuorum);
    } else if (isDenial(ret)) {
      this.#change("refused", reasons.wrongKey(this.#options));
    } else if (isMissing(ret)) {
      this.#change("refused", reasons.keyMissing(this.#options));
    } else {
      this.#change("failed", reasons.badConfig(this.#options, words));
    }
  }

  #ended(why: string): void {
    this.#helper = undefined;
    this.#connected = false;
    if (this.#closed) return;
    this.#log("warning", "the helper for Ceph ended", { why });
    // The first time at once: it may have been killed by mistake.
    const waitMs = this.#failures === 0 ? 0 : Math.min(500 * 2 ** this.#failures, longestWaitMs);
    this.#failures += 1;
    this.#notBefore = performance.now() + waitMs;
    if (/ENOENT/.test(why)) this.#change("notInstalled", reasons.notInstalled);
    else if (this.status.state !== "noQuorum") this.#change("failed", reasons.ended(why));
    if (waitMs === 0) this.#spawn();
  }

  #drop(): void {
    const helper = this.#helper;
    this.#helper = undefined;
    this.#connected = false;
    helper?.kill();
  }

  /** Whether the helper itself does not answer; it is replaced then. */
  async #hangs(helper: Helper): Promise<boolean> {
    try {
      await helper.ask("helper", {}, helper.spoke ? pingMs : startMs);
      return false;
    } catch (error) {
      if (!(error instanceof HelperError)) throw error;
      if (error.kind === "late" && helper === this.#helper) {
        this.#log("warning", "the helper for Ceph hangs and is killed", { pid: helper.pid });
        this.#change("failed", reasons.hangs);
        helper.kill();
      }
      return true;
    }
  }

  async #probe(helper: Helper): Promise<void> {
    const found = await this.#monitors.look(helper);
    if (found === undefined || helper !== this.#helper) return;
    const { state, reason, version, health } = found;
    if (state === "noQuorum") {
      this.#unanswered();
      return;
    }
    this.#silent = 0;
    if (state === "ready" || state === "old") this.#failures = 0;
    this.#change(state, reason, version === "" ? {} : { version });
    if (state !== "ready" || health === this.#health) return;
    this.#health = health;
    this.#tell();
  }

  /** Without a manager its commands would each take their whole time. */
  #probeManager(helper: Helper): void {
    if (this.#askingManager) return;
    this.#askingManager = true;
    helper
      .ask("mgr", { prefix: "pg stat", format: "json" }, probeMs)
      .then(
        ({ ret }) => isTimeout(ret),
        () => true,
      )
      .then((isSilent) => {
        this.#askingManager = false;
        const isNews = helper === this.#helper && isSilent !== this.#managerSilent;
        if (!isNews || this.status.state !== "ready") return;
        this.#managerSilent = isSilent;
        this.#tell();
      });
  }

  #unanswered(): void {
    this.#change("noQuorum", reasons.noQuorum);
    this.#silent += 1;
    if (this.#silent >= probesUntilNew) this.#drop();
  }

  #change(
    state: CephState,
    reason: string,
    more: Partial<Pick<CephStatus, "version" | "fsid">> = {},
  ): void {
    const before = this.status;
    const since = state === before.state ? before.since : new Date().toISOString();
    this.status = { ...before, ...more, state, reason, since };
    if (state === before.state && reason === before.reason) return;
    this.#log("info", "the link to Ceph changed", { state, reason });
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.listeners) listener();
  }

  async command(to: Target, prefix: string, args: Record<string, unknown> = {}): Promise<Buffer> {
    const { state, reason } = this.status;
    if (this.#helper === undefined || state !== "ready") {
      throw new DsecosError("Unavailable", reason || reasons.starting);
    }
    if (to === "mgr" && this.#managerSilent) {
      throw new DsecosError("Unavailable", reasons.noManager);
    }
    const what = `${nameOf(to)}: ${prefix}`;
    const seconds = to === "images" ? imagesSeconds : commandSeconds;
    let answer: Answer;
    try {
      const command = { ...args, prefix, format: "json" };
      answer = await this.#helper.ask(to, command, seconds * 1000);
    } catch (error) {
      if (!(error instanceof HelperError)) throw error;
      if (error.kind === "late") throw lateError(what, seconds);
      throw new DsecosError("Unavailable", reasons.ended(error.message), { cause: error });
    }
    if (answer.ret < 0) throw commandError(what, answer.ret, answer.words);
    return answer.payload;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const helper = this.#helper;
    this.#drop();
    await helper?.gone;
    await this.#ticking;
  }
}
