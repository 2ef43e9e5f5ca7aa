/** Who is calling: told by the bus daemon and the kernel, never by the caller. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import type { Caller } from "./call.ts";
import { type BusConnection, plain } from "./connection.ts";
import { DsecosError } from "./errors.ts";

const run = promisify(execFile);

/** Kernel's value for a process that no login stands behind. */
const noLogin = 0xffffffff;

export class Identities {
  readonly #bus: BusConnection;
  readonly #callers = new Map<string, Promise<Caller>>();
  readonly #users = new Map<number, string>();

  constructor(bus: BusConnection) {
    this.#bus = bus;
  }

  /** Forgets a caller as soon as it leaves the bus, since unique names are never used again. */
  async start(): Promise<void> {
    const forget = (name: unknown) => this.#callers.delete(String(name));
    await this.#bus.subscribe(
      "org.freedesktop.DBus",
      "NameOwnerChanged",
      ({ sender, body }) => {
        if (sender === "org.freedesktop.DBus" && body[2] === "") forget(body[0]);
      },
      ",sender='org.freedesktop.DBus',arg2=''",
    );
  }

  of(connection: string): Promise<Caller> {
    const known = this.#callers.get(connection);
    if (known !== undefined) return known;
    const asked = this.#ask(connection);
    this.#callers.set(connection, asked);
    asked.catch(() => this.#callers.delete(connection));
    return asked;
  }

  async #ask(connection: string): Promise<Caller> {
    let credentials: Record<string, unknown>;
    try {
      const [reply] = await this.#bus.callDriver("GetConnectionCredentials", "s", [connection]);
      credentials = plain(reply);
    } catch (cause) {
      const what = "Who is calling could not be found out; call again.";
      throw new DsecosError("Denied", what, { cause });
    }
    const uid = credentials.UnixUserID;
    const pid = credentials.ProcessID;
    if (typeof uid !== "number" || typeof pid !== "number") {
      throw new DsecosError("Denied", "The bus does not know the user behind this connection.");
    }
    const label = credentials.LinuxSecurityLabel;
    const [user, loginuid] = await Promise.all([this.#user(uid), loginuidOf(pid)]);
    return {
      connection,
      uid,
      pid,
      gids: (credentials.UnixGroupIDs as number[] | undefined) ?? [],
      user,
      loginuid,
      // The bus ends labels with a zero byte.
      label: Buffer.isBuffer(label) ? label.toString("utf8").replace(/\0+$/, "") : "",
    };
  }

  /** Login name by the system's name service, which may be a directory far away. */
  async #user(uid: number): Promise<string> {
    const known = this.#users.get(uid);
    if (known !== undefined) return known;
    const user = await userName(uid);
    this.#users.set(uid, user);
    return user;
  }
}

async function userName(uid: number): Promise<string> {
  try {
    const options = { timeout: 5000, maxBuffer: 65536 };
    const { stdout } = await run("getent", ["passwd", String(uid)], options);
    const name = stdout.split(":")[0];
    if (name !== undefined && name !== "") return name;
  } catch (error) {
    // Exit code 2 means that there is no such user; anything else leaves only the number, too.
    if ((error as { code?: unknown }).code !== 2) return `uid:${uid}`;
  }
  return `uid:${uid}`;
}

/**
 * @returns the login uid of a process, -1 when it has none or is gone. Its start time is compared
 * before and after, since the kernel uses process ids again.
 */
async function loginuidOf(pid: number): Promise<number> {
  const before = await startTime(pid);
  let value: number;
  try {
    value = Number(await readFile(`/proc/${pid}/loginuid`, "latin1"));
  } catch {
    // The process ended, or the kernel has no audit: both mean that no login is known.
    return -1;
  }
  const same = before !== undefined && before === (await startTime(pid));
  return same && Number.isInteger(value) && value !== noLogin ? value : -1;
}

async function startTime(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "latin1");
    // Field 22; the second one holds the command in parentheses, which may contain anything.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
