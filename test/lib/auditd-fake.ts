/**
 * A fake of auditd: writes records to a real log file, rotates it, and serves them over a real
 * socket from which it drops some, as the plugin af_unix does when its client is slow.
 */
import { appendFileSync, existsSync, renameSync, rmSync, statSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";

export interface FakeAuditdOptions {
  directory: string;
  /** Which records the socket loses, by a running number. */
  drops?: (count: number) => boolean;
  rotateBytes?: number;
  files?: number;
}

export class FakeAuditd {
  readonly socketPath: string;
  readonly logFile: string;
  readonly #options: FakeAuditdOptions;
  #server: Server | undefined;
  #client: Socket | undefined;
  #count = 0;
  #size = 0;
  dropped = 0;
  rotations = 0;

  constructor(options: FakeAuditdOptions) {
    this.#options = options;
    this.socketPath = join(options.directory, "audispd_events");
    this.logFile = join(options.directory, "audit.log");
    if (existsSync(this.logFile)) this.#size = statSync(this.logFile).size;
  }

  async listen(path = this.socketPath): Promise<void> {
    const server = createServer((socket) => {
      if (this.#client !== undefined) socket.destroy();
      else {
        this.#client = socket;
        socket.on("close", () => {
          this.#client = undefined;
        });
        socket.on("error", () => {
          this.#client = undefined; // The other end left; records are dropped until it is back.
        });
      }
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(path, resolve));
  }

  get hasClient(): boolean {
    return this.#client !== undefined;
  }

  /** Bytes that the client took, or the system in between. */
  get taken(): number {
    const client = this.#client;
    return client === undefined ? 0 : client.bytesWritten - client.writableLength;
  }

  async close(): Promise<void> {
    this.#client?.destroy();
    this.#client = undefined;
    const server = this.#server;
    this.#server = undefined;
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
    rmSync(this.socketPath, { force: true });
  }

  /** Writes records to the log, all but ends of events, and to the client, all but dropped ones. */
  write(records: readonly string[], toFile = true): void {
    const lines = records.filter((record) => !record.startsWith("type=EOE "));
    const text = lines.map((line) => `${line}\n`).join("");
    if (toFile && text !== "") {
      if (this.#size + text.length > (this.#options.rotateBytes ?? Number.POSITIVE_INFINITY))
        this.rotate();
      appendFileSync(this.logFile, text);
      this.#size += text.length;
    }
    const sent: string[] = [];
    for (const record of records) {
      this.#count += 1;
      if (this.#options.drops?.(this.#count) ?? false) this.dropped += 1;
      else sent.push(`${record}\n`);
    }
    this.#client?.write(sent.join(""));
  }

  rotate(): void {
    const files = this.#options.files ?? 5;
    rmSync(`${this.logFile}.${files - 1}`, { force: true });
    for (let index = files - 2; index >= 0; index--) {
      const name = index === 0 ? this.logFile : `${this.logFile}.${index}`;
      if (existsSync(name)) renameSync(name, `${this.logFile}.${index + 1}`);
    }
    this.#size = 0;
    this.rotations += 1;
  }
}

const enriched = "\u001d";

/** A file that was created under a watch: the five records that the kernel makes, and the end. */
export function fileEvent(serial: number, time: number, name = `file-${serial}`): string[] {
  const stamp = stampOf(serial, time);
  const ids =
    "auid=1000 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=3 " +
    'comm="touch" exe="/usr/bin/touch" subj=unconfined key="dsecos-test"';
  const names = `${enriched}ARCH=x86_64 SYSCALL=openat AUID="alice" UID="root" GID="root"`;
  const path = "mode=0100644 ouid=0 ogid=0 rdev=00:00";
  const caps = "cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0";
  const owner = `${enriched}OUID="root" OGID="root"`;
  return [
    `type=SYSCALL msg=${stamp}: arch=c000003e syscall=257 success=yes exit=3 a0=ffffff9c a1=7ffd a2=941 a3=1b6 items=2 ppid=100 pid=101 ${ids}${names}`,
    `type=CWD msg=${stamp}: cwd="/srv/watched"`,
    `type=PATH msg=${stamp}: item=0 name="/srv/watched" inode=1 dev=fe:01 ${path} nametype=PARENT ${caps}${owner}`,
    `type=PATH msg=${stamp}: item=1 name="${name}" inode=2 dev=fe:01 ${path} nametype=CREATE ${caps}${owner}`,
    `type=PROCTITLE msg=${stamp}: proctitle=746F756368002D2D0066696C65`,
    `type=EOE msg=${stamp}: `,
  ];
}

/** A record of a program about a login. */
export function loginEvent(serial: number, time: number, user = "alice"): string[] {
  const said = `msg='op=login acct="${user}" exe="/usr/sbin/sshd" hostname=192.0.2.7 addr=192.0.2.7 terminal=ssh res=success'`;
  return [
    `type=USER_LOGIN msg=${stampOf(serial, time)}: pid=900 uid=0 auid=1000 ses=3 subj=sshd ${said}${enriched}UID="root" AUID="${user}"`,
  ];
}

export function daemonStart(serial: number, time: number): string[] {
  return [
    `type=DAEMON_START msg=${stampOf(serial, time)}: op=start ver=4.0.2 format=enriched kernel=6.12 auid=4294967295 pid=600 uid=0 ses=4294967295 subj=auditd res=success${enriched}AUID="unset" UID="root"`,
  ];
}

function stampOf(serial: number, time: number): string {
  const milliseconds = String(time % 1000).padStart(3, "0");
  return `audit(${Math.floor(time / 1000)}.${milliseconds}:${serial})`;
}
