/**
 * Certificates of one authority as files, as `openssl ca` keeps them: `certs/<serial>.pem`, one for
 * each, and `revoked/<serial>` for each that was revoked. Every file is on the disk before anybody
 * hears of it. With the audit log they say what was issued; where they differ, that is an alarm.
 */
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import * as v from "valibot";
import { replaceFile, syncDirectory } from "../../audit/seal/files.ts";
import { temporaryEnding } from "../../audit/segments/durable.ts";
import { DsecosError } from "../../bus/errors.ts";
import { revocationSchema } from "./answers.ts";
import { diskFailure, type Issued, type Revocation, readIssued } from "./issued.ts";
import { fromPem } from "./x509/pem.ts";

/** Files that are read before others have their turn. */
const atOnce = 50;
const certificateFile = /^([0-9a-f]{32})\.pem$/;
const revocationFile = /^[0-9a-f]{32}$/;

const keptRevocation = v.object({ at: v.number(), reason: revocationSchema });
const keptList = v.object({ number: v.number(), thisUpdate: v.number() });
export type ListState = v.InferOutput<typeof keptList>;

export class CertificateDirectory {
  readonly path: string;
  readonly #authorities: "agency" | "authority";
  readonly certificates = new Map<string, Issued>();
  readonly revocations = new Map<string, Revocation>();
  /** Files that are there and say nothing that can be understood. */
  readonly unreadable = new Set<string>();
  #list: ListState = { number: 0, thisUpdate: 0 };
  readonly #certs: string;
  readonly #revoked: string;
  readonly #sync: SharedSync;

  /** @param authorities what certificates of authorities in it are for */
  constructor(path: string, authorities: "agency" | "authority") {
    this.path = path;
    this.#authorities = authorities;
    this.#certs = join(path, "certs");
    this.#revoked = join(path, "revoked");
    this.#sync = new SharedSync(this.#certs);
  }

  /** The list of revoked ones that was signed last; number 0 before the first. */
  get list(): ListState {
    return this.#list;
  }

  /** Reads what is there; makes what is not. */
  async open(): Promise<void> {
    for (const directory of [this.#certs, this.#revoked]) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
    }
    const text = await readFile(join(this.path, "list.json"), "utf8").catch(ifMissing);
    const list = v.safeParse(keptList, parse(text));
    if (list.success) this.#list = list.output;
    else if (text !== "") this.unreadable.add("list.json");
    await this.#each(this.#certs, async (name, file) => {
      const [, serial] = certificateFile.exec(name) ?? [];
      const der = fromPem(await readFile(file, "latin1"), ["CERTIFICATE"]);
      const issued = der && readIssued(der, this.#authorities);
      if (issued === undefined || issued.serial !== serial) throw new Error("another certificate");
      this.certificates.set(serial, issued);
    });
    await this.#each(this.#revoked, async (name, file) => {
      if (!revocationFile.test(name)) throw new Error("not a serial number");
      const { at, reason } = v.parse(keptRevocation, JSON.parse(await readFile(file, "utf8")));
      this.revocations.set(name, { at, reason });
    });
  }

  async #each(directory: string, read: (name: string, file: string) => Promise<void>) {
    const names = await readdir(directory);
    for (const [at, name] of names.entries()) {
      if (at % atOnce === atOnce - 1) await turn();
      // The agent ended while it wrote this, so nobody ever had it.
      if (name.endsWith(temporaryEnding)) {
        await rm(join(directory, name), { force: true });
        continue;
      }
      try {
        await read(name, join(directory, name));
      } catch {
        // The authority's alarms name all that are left out here.
        this.unreadable.add(join(directory, name));
      }
    }
  }

  /** Names of files that are there now, which others may have changed. */
  async present(): Promise<{ certificates: Set<string>; revocations: Set<string> }> {
    const names = async (directory: string) => await readdir(directory).catch(() => []);
    return {
      certificates: new Set((await names(this.#certs)).map((name) => name.replace(/\.pem$/, ""))),
      revocations: new Set(await names(this.#revoked)),
    };
  }

  /**
   * Keeps a certificate that was signed. When this resolves, it is on the disk.
   * @param pem the certificate, and its parallel one behind it
   * @throws DsecosError Unavailable where the disk does not take it; then nothing of it is there
   */
  async add(issued: Issued, pem: string): Promise<void> {
    const file = join(this.#certs, `${issued.serial}.pem`);
    try {
      await writeNew(file, pem);
      await this.#sync.run();
    } catch (error) {
      throw diskFailure(error, this.path, "the certificate was not issued");
    }
    this.certificates.set(issued.serial, issued);
  }

  /** @throws DsecosError Unavailable where the disk does not take it */
  async revoke(serial: string, revocation: Revocation): Promise<void> {
    try {
      await replaceFile(join(this.#revoked, serial), `${JSON.stringify(revocation)}\n`);
    } catch (error) {
      await rm(join(this.#revoked, `${serial}${temporaryEnding}`), { force: true });
      throw diskFailure(error, this.path, "the certificate was not revoked");
    }
    this.revocations.set(serial, revocation);
  }

  /** Remembers the number of a list before anybody has it. */
  async keepList(list: ListState): Promise<void> {
    try {
      await replaceFile(join(this.path, "list.json"), `${JSON.stringify(list)}\n`);
    } catch (error) {
      throw diskFailure(error, this.path, "no new list of revoked certificates was made");
    }
    this.#list = list;
  }

  /** Raises what is remembered to what the record knows of. */
  raiseList(list: ListState): void {
    const number = Math.max(list.number, this.#list.number);
    this.#list = { number, thisUpdate: Math.max(list.thisUpdate, this.#list.thisUpdate) };
  }

  /** The whole file. @throws DsecosError Unavailable where it is gone */
  async pem(serial: string): Promise<string> {
    const file = join(this.#certs, `${serial}.pem`);
    try {
      return await readFile(file, "latin1");
    } catch (cause) {
      const what = `${file} cannot be read; put it back from the backup of ${this.path}.`;
      throw new DsecosError("Unavailable", what, { cause });
    }
  }
}

/** Syncs of a directory, of which many that wait become one. */
class SharedSync {
  readonly #directory: string;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Resolves after a sync that began after this was called. */
  run(): Promise<void> {
    if (this.#running === undefined) return this.#begin();
    this.#next ??= this.#running.then(
      () => this.#begin(),
      () => this.#begin(),
    );
    return this.#next;
  }

  #begin(): Promise<void> {
    this.#next = undefined;
    this.#running = syncDirectory(this.#directory).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }
}

/** The whole file, or none: its name is on the disk once the directory was synced. */
async function writeNew(path: string, content: string): Promise<void> {
  const temporary = path + temporaryEnding;
  const file = await open(temporary, "wx", 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

function ifMissing(error: NodeJS.ErrnoException): string {
  if (error.code === "ENOENT") return "";
  throw error;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
