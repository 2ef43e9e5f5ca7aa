/**
 * What audit-crash.test.ts runs under strace: one stretch of the log's life, told by its name. Every
 * event that is acknowledged is printed by name, written straight to the pipe.
 */
import { writeSync } from "node:fs";
import { canonical } from "../../agent/audit/canonical.ts";
import { Committer } from "../../agent/audit/committer.ts";
import { encodeEvent } from "../../agent/audit/event.ts";
import { Checkpoints } from "../../agent/audit/seal/checkpoints.ts";
import { closeSegment } from "../../agent/audit/segments/close.ts";
import { listSegments } from "../../agent/audit/segments/files.ts";
import { removeDue } from "../../agent/audit/segments/retention.ts";
import { SegmentWriter } from "../../agent/audit/segments/writer.ts";

const [directory = "", stretch = "", round = "0"] = process.argv.slice(2);
const month = 31 * 86_400_000;
let clock = Date.UTC(2026, 0, 1) + Number(round) * 3 * month;

const event = { action: "test.Act", outcome: "note", actor: "somebody", uid: 1000 } as const;
const payload = (object: string) =>
  encodeEvent({ ...event, object }, "n1", new Date(clock)).payload;

const writer = new SegmentWriter(directory, () => clock);
const asked: string[] = [];
const committer = new Committer({
  writer,
  recovered: (details) =>
    encodeEvent({ ...event, action: "audit.recovered", source: "log", details }, "n1").payload,
  answer: (answer) => {
    const count = "done" in answer ? answer.done : answer.refused;
    const names = asked.splice(0, count);
    if ("done" in answer) writeSync(1, names.map((name) => `${name}\n`).join(""));
  },
  log: () => {},
});

/** @param durable false: acknowledged when written */
function append(names: readonly string[], durable = true): void {
  asked.push(...names);
  committer.commit(names.map((name) => ({ payload: payload(name), durable })));
}

/** As the agent does: what fails is tried again with what comes next. */
function tolerant(work: () => void): void {
  try {
    work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}

function open(): void {
  tolerant(() => committer.open());
}

const names = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${prefix}${round}-${i}`);

const stretches: Record<string, () => void | Promise<void>> = {
  append() {
    open();
    for (const name of names("single", 3)) append([name]);
    append(names("written", 3), false);
    committer.settle();
    append(names("last", 2));
  },
  rotate() {
    open();
    // A segment ends with a bundle.
    append(names("fill", 256 - (writer.isOpen ? writer.size % 256 : 0)));
    clock += month;
    append(names("behind", 2));
    append(names("end", 1));
  },
  close() {
    open();
    const full = listSegments(directory).find(
      ({ state }, i, all) => state === "open" && all[i + 1] !== undefined,
    );
    if (full !== undefined) tolerant(() => void closeSegment(directory, full.first));
    append(names("closed", 2));
  },
  retain() {
    open();
    tolerant(() => {
      removeDue(
        directory,
        1,
        (tombstone) => {
          const details = { ...tombstone };
          const entry = { ...event, action: "audit.Retention", source: "log", details } as const;
          committer.record(encodeEvent(entry, "n1", new Date(clock)).payload);
        },
        clock + 3 * month,
      );
    });
    append(names("kept", 2));
  },
  async checkpoint() {
    open();
    append(names("sealed", 2));
    const log = {
      get size() {
        return writer.size;
      },
      head: async () => committer.head(),
      onAppended: () => () => {},
      append: async (told: Parameters<typeof encodeEvent>[0]) => {
        const { entry, payload: bytes } = encodeEvent(told, "n1", new Date(clock));
        committer.record(bytes);
        return { ...entry, sequence: writer.size };
      },
    };
    const checkpoints = new Checkpoints(log, directory, "n1");
    for (const name of names("more", 2)) {
      try {
        await checkpoints.open();
        const sealed = await checkpoints.seal();
        // Told to others from here on: it must stand.
        if (sealed !== undefined) writeSync(1, `checkpoint ${canonical(sealed.note)}\n`);
      } catch (error) {
        if (!(error instanceof Error) || !("code" in error)) {
          const away = error instanceof Error && error.message.includes("cannot be written");
          if (!away) throw error;
        }
      }
      append([name]);
    }
    await checkpoints.close();
  },
};

const run = stretches[stretch];
if (run === undefined) throw new Error(`no stretch ${stretch}`);
await run();
committer.settle();
tolerant(() => writer.close());
