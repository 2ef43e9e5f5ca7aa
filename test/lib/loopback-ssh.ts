/** A real sshd on the loopback interface, as one person of the tests, for whom names of nodes lead to it. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, portIsFree } from "../../packaging/setup/lib/ports.js";
import { until } from "../../packaging/setup/lib/wait.js";

const program = "/usr/sbin/sshd";
/** File by which a run knows what one before it left that was killed. */
const mark = "dsecos-test";

/** Why there can be none here; empty when there can. */
export const noSshd = existsSync(program) ? "" : `no openssh-server (${program})`;

/** The person's own way to hosts is replaced meanwhile: one test at a time. */
export class LoopbackSsh {
  readonly #directory: string;
  readonly #client: string;
  readonly #user: { uid: number; gid: number };
  readonly #environment: Record<string, string>;
  #port = 0;
  #child: ChildProcess | undefined;

  /**
   * @param directory traversable by the person, made and removed by somebody else
   * @param environment that sessions have
   */
  constructor(user: string, directory: string, environment: Record<string, string>) {
    const [, , uid, gid, , home = ""] = execFileSync("getent", ["passwd", user], {
      encoding: "utf8",
    })
      .trim()
      .split(":");
    this.#user = { uid: Number(uid), gid: Number(gid) };
    this.#directory = join(directory, "ssh");
    this.#client = join(home, ".ssh");
    this.#environment = environment;
  }

  /** @param names of nodes that lead to it */
  async start(names: readonly string[]): Promise<void> {
    this.#port = await freePort();
    mkdirSync(this.#directory, { mode: 0o700 });
    this.#own(this.#directory);
    for (const key of ["host", "other", "person"]) {
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", this.#file(key)]);
      this.#own(this.#file(key));
      this.#own(this.#file(`${key}.pub`));
    }
    const isOurs = existsSync(join(this.#client, mark));
    if (existsSync(this.#client) && !isOurs) throw new Error(`${this.#client} is somebody's`);
    rmSync(this.#client, { recursive: true, force: true });
    mkdirSync(this.#client, { mode: 0o700 });
    this.#own(this.#client);
    this.#write(join(this.#client, mark), "");
    const hosts = names.map(
      (name) => `Host ${name}
  HostName 127.0.0.1
  Port ${this.#port}
  HostKeyAlias node
  UserKnownHostsFile ${this.#file("known_hosts")}
  IdentitiesOnly yes
  IdentityFile ${this.#file("person")}
`,
    );
    this.#write(join(this.#client, "config"), hosts.join(""));
    this.#write(
      this.#file("config"),
      `ListenAddress 127.0.0.1:${this.#port}
HostKey ${this.#file("host")}
PidFile none
AuthorizedKeysFile ${this.#file("authorized_keys")}
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
`,
    );
    this.knows("host");
    this.lets(true);
    await this.listen();
  }

  /** @param path where sessions look for programs */
  async listen(path = process.env.PATH ?? ""): Promise<void> {
    const set = Object.entries({ ...this.#environment, PATH: path });
    const words = set.map(([name, value]) => `${name}=${value}`).join(" ");
    const args = ["-D", "-e", "-f", this.#file("config"), "-o", `SetEnv ${words}`];
    const { uid, gid } = this.#user;
    const child = spawn(
      "setpriv",
      [`--reuid=${uid}`, `--regid=${gid}`, "--init-groups", "--", program, ...args],
      { stdio: "ignore" },
    );
    this.#child = child;
    await until("sshd to listen", 10, async () => !(await portIsFree(this.#port)), 50);
  }

  /** Ends it, with the sessions that it has. */
  async hangUp(): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined) return;
    const listed = spawnedBy(child.pid);
    for (const pid of [...listed, child.pid]) process.kill(pid, "SIGTERM");
    await until("sshd to end", 10, () => portIsFree(this.#port), 50);
    this.#child = undefined;
  }

  /** Which host key the person knows it by; none where it is left out. */
  knows(key?: "host" | "other"): void {
    const known = key === undefined ? "" : `node ${this.#publicKey(key)}`;
    this.#write(this.#file("known_hosts"), known);
  }

  /** Whether the person's key opens it. */
  lets(isIn: boolean): void {
    this.#write(this.#file("authorized_keys"), this.#publicKey(isIn ? "person" : "other"));
  }

  async stop(): Promise<void> {
    await this.hangUp();
    rmSync(this.#client, { recursive: true, force: true });
  }

  #publicKey(name: string): string {
    const args = ["-y", "-f", this.#file(name)];
    return execFileSync("ssh-keygen", args, { encoding: "utf8" });
  }

  #file(name: string): string {
    return join(this.#directory, name);
  }

  #write(file: string, text: string): void {
    writeFileSync(file, text, { mode: 0o600 });
    this.#own(file);
  }

  #own(file: string): void {
    chownSync(file, this.#user.uid, this.#user.gid);
  }
}

/** Its children: each session is one. */
function spawnedBy(pid: number): number[] {
  try {
    const said = execFileSync("ps", ["-o", "pid=", "--ppid", String(pid)], { encoding: "utf8" });
    return said.trim().split(/\s+/).filter(Boolean).map(Number);
  } catch {
    return []; // what ps says of nobody
  }
}
