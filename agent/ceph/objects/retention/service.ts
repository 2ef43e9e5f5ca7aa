/** Keeps what is known of WORM volumes' holds, looks again every hour, and tells what went missing. */
import { DsecosError } from "../../../bus/errors.ts";
import { explain, type Log } from "../../../log.ts";
import type { Answers } from "../../area.ts";
import type { VolumeBook } from "../../volumes/book.ts";
import type { Volume } from "../../volumes/kinds/types.ts";
import type { Live } from "../../volumes/known.ts";
import { type Credentials, type S3, S3Error } from "../s3.ts";
import { adminCan, type Held, type RetentionFilter, snapshotsCannot } from "./answers.ts";
import { type Copies, heldFiles, logCopies } from "./files.ts";
import type { retentionMembers } from "./members.ts";
import { periods } from "./periods.ts";
import { missingSince, type Scan, scanBucket } from "./scan.ts";

const everyMs = 60 * 60_000;
/** What was looked at so long ago is looked at again when somebody asks. */
const freshMs = 60_000;
/** Whoever asks is answered by then. */
const answerMs = 8_000;
/** Buckets at a time. */
const width = 2;

export interface RetentionParts {
  book: VolumeBook;
  log: Log;
  now: () => number;
  /** Where the audit log is copied to; undefined where nowhere. */
  copies: () => Copies | undefined;
  /** What is known of a file volume. */
  live: (volume: Volume) => Live | undefined;
  /** @throws DsecosError where the gateway cannot be asked */
  entry: (volume: Volume) => Promise<{ s3: S3; credentials: Credentials }>;
  /** Puts on record that something that was held is gone. */
  alarm: (action: string, volume: Volume, sentence: string) => Promise<void>;
}

interface Known {
  scan: Scan | undefined;
  at: number;
  error: string;
}

export function createRetention(parts: RetentionParts) {
  const { book, log, now } = parts;
  /** By tenant and volume. */
  const known = new Map<string, Known>();
  const looking = new Map<string, Promise<void>>();
  const waiting: (() => void)[] = [];
  let running = 0;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  async function volumes({ tenant, volume }: RetentionFilter): Promise<Volume[]> {
    const { tenants } = await book.all();
    return [...tenants]
      .filter(([name]) => tenant === "" || name === tenant)
      .flatMap(([owner, own]) =>
        [...own].map(([name, record]) => ({ tenant: owner, name, record })),
      )
      .filter(({ name }) => volume === "" || name === volume)
      .filter(({ record }) => record.worm);
  }

  /** One look at a time of each bucket; whoever comes meanwhile waits for that. */
  function look(volume: Volume): Promise<void> {
    const id = idOf(volume);
    const begun = looking.get(id);
    if (begun !== undefined) return begun;
    const work = inTurn(() => scan(volume)).finally(() => looking.delete(id));
    looking.set(id, work);
    return work;
  }

  async function inTurn(work: () => Promise<void>): Promise<void> {
    if (running >= width) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      if (!stopped) await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  }

  async function scan(volume: Volume): Promise<void> {
    const { name: bucket, record } = volume;
    const id = idOf(volume);
    const before = known.get(id);
    try {
      const { s3, credentials } = await parts.entry(volume);
      const what = { bucket, days: record.retention ?? 0, now: now() };
      const found = await scanBucket(s3, credentials, what);
      await tell(volume, before?.scan, found);
      known.set(id, { scan: found, at: now(), error: "" });
    } catch (error) {
      if (!(error instanceof DsecosError) && !(error instanceof S3Error)) throw error;
      known.set(id, { scan: before?.scan, at: before?.at ?? 0, error: error.message });
    }
  }

  async function tell(volume: Volume, before: Scan | undefined, after: Scan): Promise<void> {
    const gone = before === undefined ? 0 : missingSince(before, after, now());
    const lost = Math.max(0, after.lost - (before?.lost ?? 0));
    if (gone === 0 && lost === 0) return;
    const { tenant, name } = volume;
    const what = `${Math.max(gone, lost)} objects in ${name} of ${tenant} were held and are gone: somebody removed them past S3; see who may write into its pool, and the cluster's audit log.`;
    await parts.alarm("ceph.WormLost", volume, what);
  }

  async function lookAtAll(): Promise<void> {
    const all = (await volumes({ tenant: "", volume: "" })).filter(isBucket);
    await Promise.all(all.filter(isOpen).map(look));
  }

  const handlers: Answers<typeof retentionMembers> = {
    async Retention(_call, filter) {
      const worm = await volumes(filter);
      const all = worm.filter(isBucket);
      const old = all.filter((volume) => {
        const at = known.get(idOf(volume))?.at ?? 0;
        return isOpen(volume) && Math.abs(now() - at) > freshMs;
      });
      await soon(Promise.all(old.map(look)));
      const buckets = all.map((volume) => heldOf(volume, known.get(idOf(volume)), now()));
      const files = worm
        .filter(({ record }) => record.kind === "file")
        .map((volume) => heldFiles(volume, parts.live(volume), now()));
      const log = logCopies(parts.copies(), now());
      return {
        ...{ buckets, files, log },
        ...{ adminCan: [...adminCan], snapshotsCannot: [...snapshotsCannot] },
      };
    },
  };

  /** @returns when it is done, or when whoever asked has to be answered; it goes on then */
  async function soon(work: Promise<unknown>): Promise<void> {
    let late: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => {
      late = setTimeout(resolve, answerMs);
    });
    const done = work.then(
      () => undefined,
      (error) => log("error", "a bucket could not be looked at", { error: explain(error) }),
    );
    await Promise.race([done, enough]);
    clearTimeout(late);
  }

  return {
    handlers,
    look,
    start() {
      timer = setInterval(() => {
        lookAtAll().catch((error) => {
          log("warning", "WORM buckets could not be looked at", { error: explain(error) });
        });
      }, everyMs).unref();
    },
    async stop() {
      stopped = true;
      clearInterval(timer);
      await Promise.allSettled(looking.values());
    },
  };
}

const idOf = ({ tenant, name }: Volume) => `${tenant}/${name}`;
const isBucket = ({ record }: Volume) => record.kind === "object";
/** Nobody opens a bucket that waits to be removed. */
const isOpen = ({ record }: Volume) => record.state === "active";

function heldOf(volume: Volume, known: Known | undefined, now: number): Held {
  const { tenant, name, record } = volume;
  const { scan, at = 0, error = "" } = known ?? {};
  const none = { objects: 0, bytes: 0 };
  const state = !isOpen(volume)
    ? "closed"
    : error !== ""
      ? "failed"
      : scan === undefined
        ? "waiting"
        : "known";
  return {
    ...{ tenant, volume: name, retention: record.retention ?? 0, state, error },
    at: at === 0 ? "" : new Date(at).toISOString(),
    ...{ versions: scan?.versions ?? 0, asked: scan?.asked ?? 0 },
    complete: scan?.complete ?? false,
    until: scan === undefined ? [] : periods(scan.days, now),
    last: scan === undefined || scan.last === 0 ? "" : new Date(scan.last).toISOString(),
    free: scan?.free ?? none,
    endable: scan?.endable ?? none,
    legal: scan?.legal ?? none,
    lost: scan?.lost ?? 0,
  };
}
