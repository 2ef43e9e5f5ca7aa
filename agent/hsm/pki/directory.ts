/**
 * Certificates of one authority as files, as `openssl ca` keeps them: `certs/<serial>.pem`, one for
 * each, and `revoked/<serial>` for each that was revoked. Every file is on the disk before anybody
 * hears of it. With the audit log they say what was issued; where they differ, that is an alarm.
 */
import type { Stats } from "node:fs";
import { lstat, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import * as v from "valibot";
import { replaceFile } from "../../audit/seal/files.ts";
import { temporaryEnding } from "../../audit/segments/durable.ts";
import { DsecosError } from "../../bus/errors.ts";
import { revocationSchema } from "./answers.ts";
import { SharedSync, writeNew } from "./durable.ts";
import {
  diskFailure,
  type Issued,
  type IssuedFile,
  type Revocation,
  readIssued,
  readIssuedFile,
} from "./issued.ts";

/** Files that are read before others have their turn. */
const atOnce = 50;
const certificateFile = /^([0-9a-f]{32})\.pem$/;
const revocationFile = /^[0-9a-f]{32}$/;

const keptRevocation = v.object({ at: v.number(), reason: revocationSchema });
const keptList = v.object({ number: v.number(), thisUpdate: v.number() });
export type ListState = v.InferOutput<typeof keptList>;

/** What a directory has, of files that were not read before or were written to since. */
export interface Scan {
  readonly certificates: Map<string, Issued>;
  readonly revocations: Map<string, Revocation>;
  /** Paths of files that say nothing that can be understood. */
  readonly unreadable: string[];
  list: ListState | undefined;
  /** Serial numbers that are known of and have no file. */
  missing: string[];
  missingRevocations: string[];
}

export class CertificateDirectory {
  readonly path: string;
  readonly #authorities: "agency" | "authority";
  readonly certificates = new Map<string, Issued>();
  readonly revocations = new Map<string, Revocation>();
  /** Serial numbers of what was found in it although nobody had asked for it. */
  readonly unasked = { certificates: new Set<string>(), revocations: new Set<string>() };
  #list: ListState = { number: 0, thisUpdate: 0 };
  readonly #certs: string;
  readonly #revoked: string;
  readonly #sync: SharedSync;
  /** Files that were read, each with what tells whether somebody wrote to it since. */
  readonly #read = new Map<string, string>();
  /** Files that are being written. */
  readonly #writing = new Set<string>();

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

  /** Makes the directories that are not there. */
  async make(): Promise<void> {
    for (const directory of [this.#certs, this.#revoked]) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
    }
  }

  /**
   * Reads what is there now. A file that was read before, and that nobody wrote to since, is not read
   * again; what is being written this moment is left out.
   * @param whole looks at every file, and not only at those whose names are not known
   */
  async scan(whole: boolean): Promise<Scan> {
    const scan: Scan = {
      ...{ certificates: new Map(), revocations: new Map(), unreadable: [], list: undefined },
      // Before the names are read: what is issued meanwhile must not look as if it were missing.
      missing: [...this.certificates.keys()],
      missingRevocations: [...this.revocations.keys()],
    };
    await this.#scanList(scan);
    const certificates = await this.#each(this.#certs, whole, scan, async (name, file) => {
      const [, serial] = certificateFile.exec(name) ?? [];
      const read = readIssuedFile(await readFile(file, "latin1"));
      const issued = read && readIssued(read.der, this.#authorities);
      if (issued === undefined || issued.serial !== serial) throw new Error("another certificate");
      scan.certificates.set(serial, { ...issued, beside: read?.besideFingerprint });
    });
    const revocations = await this.#each(this.#revoked, whole, scan, async (name, file) => {
      if (!revocationFile.test(name)) throw new Error("not a serial number");
      const { at, reason } = v.parse(keptRevocation, JSON.parse(await readFile(file, "utf8")));
      scan.revocations.set(name, { at, reason });
    });
    scan.missing = scan.missing.filter((serial) => !certificates.has(`${serial}.pem`));
    scan.missingRevocations = scan.missingRevocations.filter((serial) => !revocations.has(serial));
    return scan;
  }

  async #scanList(scan: Scan): Promise<void> {
    const before = this.#list;
    const file = join(this.path, "list.json");
    const text = await readFile(file, "utf8").catch(ifMissing);
    const list = v.safeParse(keptList, parse(text));
    // One that was written meanwhile is ours.
    if (this.#writing.has(file) || before !== this.#list) scan.list = this.#list;
    else if (list.success) scan.list = list.output;
    else if (text !== "") scan.unreadable.push(file);
  }

  /** @returns names of files */
  async #each(
    directory: string,
    whole: boolean,
    { unreadable }: Scan,
    read: (name: string, file: string) => Promise<void>,
  ): Promise<Set<string>> {
    const names = new Set<string>();
    for (const [at, name] of (await readdir(directory)).entries()) {
      const file = join(directory, name);
      // The agent ended while it wrote this, so nobody ever had it.
      if (name.endsWith(temporaryEnding)) {
        const written = file.slice(0, -temporaryEnding.length);
        if (!this.#writing.has(written)) await rm(file, { force: true });
        continue;
      }
      names.add(name);
      const before = this.#read.get(file);
      if (this.#writing.has(file) || (before !== undefined && !whole)) continue;
      if (at % atOnce === atOnce - 1) await turn();
      try {
        const state = stateOf(await lstat(file));
        if (state === before) continue;
        await read(name, file);
        this.#read.set(file, state);
      } catch (error) {
        // The authority's alarms name all that are left out here.
        if ((error as NodeJS.ErrnoException).code === "ENOENT") names.delete(name);
        else unreadable.push(file);
      }
    }
    return names;
  }

  /** The next scan reads the file again, since what was in it is not what is known. */
  doubt(serial: string, what: "certificate" | "revocation"): void {
    const file = what === "certificate" ? this.#file(serial) : join(this.#revoked, serial);
    this.#read.delete(file);
  }

  #file(serial: string): string {
    return join(this.#certs, `${serial}.pem`);
  }

  /**
   * Keeps a certificate that was signed. When this resolves, it is on the disk.
   * @param pem the certificate, and its parallel one behind it
   * @throws DsecosError Unavailable where the disk does not take it; then nothing of it is there
   */
  async add(issued: Issued, pem: string): Promise<void> {
    const file = this.#file(issued.serial);
    this.#writing.add(file);
    try {
      await writeNew(file, pem);
      await this.#sync.run();
      this.certificates.set(issued.serial, issued);
    } catch (error) {
      throw diskFailure(error, this.path, "the certificate was not issued");
    } finally {
      this.#writing.delete(file);
    }
  }

  /** @throws DsecosError Unavailable where the disk does not take it */
  async revoke(serial: string, revocation: Revocation): Promise<void> {
    const file = join(this.#revoked, serial);
    this.#writing.add(file);
    try {
      await replaceFile(file, `${JSON.stringify(revocation)}\n`);
      this.revocations.set(serial, revocation);
      this.unasked.revocations.delete(serial);
    } catch (error) {
      await rm(`${file}${temporaryEnding}`, { force: true });
      throw diskFailure(error, this.path, "the certificate was not revoked");
    } finally {
      this.#writing.delete(file);
    }
  }

  /** Remembers the number of a list before anybody has it. */
  async keepList(list: ListState): Promise<void> {
    const file = join(this.path, "list.json");
    this.#writing.add(file);
    try {
      await replaceFile(file, `${JSON.stringify(list)}\n`);
      this.#list = list;
    } catch (error) {
      throw diskFailure(error, this.path, "no new list of revoked certificates was made");
    } finally {
      this.#writing.delete(file);
    }
  }

  /** Raises what is remembered to what the record knows of. */
  raiseList({ number, thisUpdate }: ListState): void {
    this.#list = {
      number: Math.max(number, this.#list.number),
      thisUpdate: Math.max(thisUpdate, this.#list.thisUpdate),
    };
  }

  /**
   * A certificate as it was issued.
   * @throws DsecosError Unavailable where its file is gone, or is another than was issued
   */
  async read(issued: Issued): Promise<IssuedFile & { der: Buffer }> {
    const file = this.#file(issued.serial);
    let text: string;
    try {
      text = await readFile(file, "latin1");
    } catch (cause) {
      const what = `${file} cannot be read; put it back from the backup of ${this.path}.`;
      throw new DsecosError("Unavailable", what, { cause });
    }
    const read = readIssuedFile(text);
    if (
      read?.fingerprint === issued.fingerprint &&
      (read.besideFingerprint ?? "") === (issued.beside ?? "")
    )
      return read;
    const what = `${file} is not what was issued: somebody changed it. Put it back from the backup of ${this.path}.`;
    throw new DsecosError("Unavailable", what);
  }
}

/** Another after whatever somebody wrote: nobody sets the time of a change but the kernel. */
function stateOf({ ino, size, ctimeMs }: Stats): string {
  return `${ino} ${size} ${ctimeMs}`;
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
