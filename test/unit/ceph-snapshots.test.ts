/** Snapshots of WORM file volumes: when they are due, how long they are kept, and what is an alarm. */
import { describe, expect, test } from "vitest";
import { DsecosError } from "../../agent/bus/errors.ts";
import { heldFiles, logCopies } from "../../agent/ceph/objects/retention/files.ts";
import type { Volume } from "../../agent/ceph/volumes/kinds/types.ts";
import { parseVolume, type VolumeRecord, writeVolume } from "../../agent/ceph/volumes/record.ts";
import { SnapshotEngine } from "../../agent/ceph/volumes/snapshots/engine.ts";
import { SnapshotKeeper } from "../../agent/ceph/volumes/snapshots/keep.ts";
import {
  askedAt,
  everyHours,
  mostSnapshotDays,
  parseSnapshot,
  scheduledAt,
  snapshotOf,
  wasAsked,
} from "../../agent/ceph/volumes/snapshots/names.ts";

const start = Date.parse("2026-11-22T12:34:56Z") / 1000;
const [hour, day] = [3600, 86_400];

/** A fake of Ceph's manager, which has snapshots of one volume; `refusal` is what it says to a new one. */
function bedOf(change: Partial<VolumeRecord> = {}) {
  const names = new Set<string>();
  const said: string[] = [];
  const state = { now: start, believable: true, refusal: "", used: 5 };
  let record = {
    ...{ kind: "file", bytes: "4194304", jurisdiction: "UK", class: "hosts-2", worm: true },
    ...{ retention: 2, createdAt: "2026-11-22T12:00:00.000Z", createdBy: "operator" },
    ...{ state: "active", ...change },
  } as VolumeRecord;
  const engine = new SnapshotEngine({
    async mgr(prefix, args) {
      const name = String(args?.snap_name);
      if (prefix.endsWith("ls")) return [...names, "somebody-else"].map((one) => ({ name: one }));
      if (prefix.endsWith("rm")) names.delete(name);
      else if (state.refusal !== "") throw new DsecosError("Unavailable", state.refusal);
      else names.add(name);
      return undefined;
    },
  });
  const keeper = new SnapshotKeeper({
    engine,
    book: {
      async change(_tenant, _name, next) {
        record = parseVolume(writeVolume(next(record, 1, 0n) as VolumeRecord)) as VolumeRecord;
        return record;
      },
    },
    believable: async () => state.believable,
    now: () => state.now * 1000,
    note: async (action, _volume, details) => void said.push(`${action} ${Object.values(details)}`),
    alarm: async (action, _volume, sentence) => void said.push(`ALARM ${action} ${sentence}`),
  });
  const volume = (): Volume => ({ tenant: "acme", name: "papers", record });
  const found = () => ({ path: "/", pool: "p", namespace: "n", quota: 1, used: state.used });
  return {
    ...{ names, said, state, keeper, volume },
    record: () => record,
    keep: () => keeper.keep(volume(), "fs", found()),
    alarms: () => said.filter((one) => one.startsWith("ALARM")),
  };
}

const first = snapshotOf(scheduledAt(start), 2).name;

describe("names and times of snapshots", () => {
  test("a name says when it was taken and until when it is kept", () => {
    expect(first).toBe("dsecos-20261122T123400Z-until-20261124T123400Z");
    expect(parseSnapshot(first)).toEqual(snapshotOf(start - 56, 2));
    for (const name of ["daily", "dsecos-20261122T123400Z", "dsecos-2-until-3", `${first}x`]) {
      expect(parseSnapshot(name)).toBeUndefined();
    }
    expect(parseSnapshot("dsecos-20261322T123400Z-until-20261124T123400Z")).toBeUndefined();
  });

  test("they are as often as Ceph has room for, and never weeks apart", () => {
    expect([1, 3, 4, 30, mostSnapshotDays].map(everyHours)).toEqual([1, 1, 2, 9, 168]);
    for (let days = 1; days <= mostSnapshotDays; days += 1) {
      expect((days * 24) / everyHours(days)).toBeLessThanOrEqual(80);
    }
  });

  test("what somebody asked for is told apart, at any second", () => {
    for (let at = start; at < start + 120; at += 1) {
      expect(wasAsked(snapshotOf(askedAt(at), 2))).toBe(true);
      expect(wasAsked(snapshotOf(scheduledAt(at), 2))).toBe(false);
    }
  });
});

describe("the keeper of snapshots", () => {
  test("takes one when something is in it, and the next when it is due", async () => {
    const bed = bedOf();
    bed.state.used = 0;
    expect(await bed.keep()).toBe("");
    expect([...bed.names]).toEqual([]);
    bed.state.used = 5;
    await bed.keep();
    expect([...bed.names]).toEqual([first]);
    expect(bed.record().snapshots).toEqual({ taken: [start - 56], lost: 0 });
    bed.state.now += hour - 57;
    await bed.keep();
    expect(bed.names.size).toBe(1);
    bed.state.now += 60;
    await bed.keep();
    expect(bed.names.size).toBe(2);
    expect(bed.alarms()).toEqual([]);
  });

  test("keeps 80 of the schedule at most, whatever the days", async () => {
    for (const retention of [1, 400]) {
      const bed = bedOf({ retention });
      for (let hours = 0; hours < retention * 24 * 1.2; hours += everyHours(retention)) {
        await bed.keep();
        bed.state.now += everyHours(retention) * hour;
      }
      expect(bed.names.size).toBeLessThanOrEqual(82);
      expect(bed.names.size).toBeGreaterThan(20);
      expect(bed.record().snapshots?.taken).toHaveLength(bed.names.size);
    }
  });

  test("finds what was taken before it could be declared", async () => {
    const bed = bedOf();
    bed.names.add(first);
    await bed.keep();
    expect(bed.names.size).toBe(1);
    expect(bed.record().snapshots).toEqual({ taken: [start - 56], lost: 0 });
    expect(bed.said).toEqual([`ceph.SnapshotTaken ${first}`]);
  });

  test("tells once of what is gone before its time, and never of what is over", async () => {
    const bed = bedOf();
    await bed.keep();
    bed.names.delete(first);
    bed.state.used = 0;
    await bed.keep();
    await bed.keep();
    expect(bed.alarms()).toHaveLength(1);
    expect(bed.alarms()[0]).toContain("of 2026-11-22T12:34:00.000Z");
    expect(bed.record().snapshots).toEqual({ taken: [], lost: 1 });
    const other = bedOf();
    await other.keep();
    other.names.delete(first);
    other.state.used = 0;
    other.state.now += 2 * day;
    await other.keep();
    expect(other.alarms()).toEqual([]);
    expect(other.record().snapshots).toEqual({ taken: [], lost: 0 });
  });

  test("removes what is over, and nothing by a clock that nobody believes", async () => {
    const bed = bedOf();
    await bed.keep();
    bed.state.used = 0;
    bed.state.now = start - 56 + 2 * day;
    await bed.keep();
    // Another node's clock may be some minutes behind.
    expect(bed.names.size).toBe(1);
    bed.state.now += 600;
    bed.state.believable = false;
    await bed.keep();
    expect(bed.names.size).toBe(1);
    bed.state.believable = true;
    await bed.keep();
    expect(bed.names.size).toBe(0);
    expect(bed.said.at(-1)).toContain(`ceph.SnapshotsRemoved ${first}`);
    expect(bed.alarms()).toEqual([]);
  });

  test("goes on when the clock was put back", async () => {
    const bed = bedOf();
    bed.state.now += 365 * day;
    await bed.keep();
    bed.state.now = start;
    await bed.keep();
    expect([...bed.names]).toContain(first);
  });

  test("puts back what was declared past the agent", async () => {
    for (const change of [{ worm: false }, { retention: 1 }]) {
      const bed = bedOf();
      await bed.keep();
      const { taken = [] } = bed.record().snapshots ?? {};
      const tampered = bedOf({ ...change, snapshots: { taken, lost: 0 } });
      tampered.names.add(first);
      await tampered.keep();
      expect(tampered.record()).toMatchObject({ worm: true, retention: 2 });
      expect(tampered.alarms()).toHaveLength(1);
      expect(tampered.alarms()[0]).toContain("ceph.WormChanged");
    }
  });

  test("says why none could be taken, and still tells of what is gone", async () => {
    const bed = bedOf();
    await bed.keep();
    bed.names.delete(first);
    bed.state.now += 2 * hour;
    bed.state.refusal = "Ceph is full.";
    expect(await bed.keep()).toContain("not held as promised just now: Ceph is full.");
    expect(bed.alarms()).toHaveLength(1);
  });

  test("lets go of nothing that is held, and of all that is over", async () => {
    const bed = bedOf();
    await bed.keep();
    const removable = (used: number) => bed.keeper.requireRemovable(bed.volume(), "fs", used);
    await expect(removable(5)).rejects.toThrow("5 bytes in it");
    await expect(removable(0)).rejects.toThrow("the last until 2026-11-24");
    await expect(bed.keeper.clear(bed.volume(), "fs")).rejects.toThrow("stays until then");
    await expect(bed.keeper.requireNotGone(bed.volume())).rejects.toThrow("is gone from Ceph");
    await expect(bed.keeper.requireNotGone(bed.volume())).rejects.toThrow("is gone from Ceph");
    expect(bed.alarms()).toHaveLength(1);
    bed.state.now += 2 * day;
    await removable(0);
    await bed.keeper.clear(bed.volume(), "fs");
    await bed.keeper.requireNotGone(bed.volume());
    expect(bed.names.size).toBe(0);
  });

  test("leaves a volume alone that is none of it", async () => {
    const bed = bedOf({ worm: false });
    bed.names.add("made-by-somebody");
    expect(await bed.keep()).toBe("");
    expect(bed.said).toEqual([]);
  });
});

describe("the calendar", () => {
  const live = { found: undefined, at: "2026-11-22T12:34:56.000Z", trouble: "", caveat: "" };

  test("counts snapshots by the day that each is kept to", async () => {
    const bed = bedOf();
    for (let hours = 0; hours < 24; hours += 1) {
      await bed.keep();
      bed.state.now += hour;
    }
    const found = heldFiles(bed.volume(), live, bed.state.now * 1000);
    expect(found).toMatchObject({ state: "known", snapshots: 24, every: 1, lost: 0, error: "" });
    expect(found.until).toEqual([
      { period: "2026-11-24", snapshots: 12 },
      { period: "2026-11-25", snapshots: 12 },
    ]);
    expect(found.last).toBe("2026-11-25T11:34:00.000Z");
    const later = heldFiles(bed.volume(), undefined, (start + 9 * day) * 1000);
    expect(later).toMatchObject({ state: "waiting", until: [], last: "", snapshots: 24 });
    const failed = heldFiles(bed.volume(), { ...live, trouble: "Ceph is full." }, 0);
    expect(failed).toMatchObject({ state: "failed", error: "Ceph is full." });
  });

  test("says where copies of the audit log are held until when, or that none are", () => {
    const now = start * 1000;
    expect(logCopies(undefined, now)).toMatchObject({
      ...{ state: "none", target: "", until: "" },
      text: expect.stringContaining("No offload target is declared"),
    });
    const status = () =>
      ({ state: "ok", at: "", text: "All is there.", files: 3, bytes: 9, alarms: [] }) as const;
    const bucket = { place: { name: "bucket a", days: 400 }, status } as never;
    expect(logCopies(bucket, now)).toEqual({
      ...{ state: "ok", target: "bucket a", retention: 400, files: 3, bytes: 9 },
      ...{ until: "2027-12-27T12:34:56.000Z", text: "All is there." },
    });
    const directory = { place: { name: "/mnt", days: 0 }, status } as never;
    expect(logCopies(directory, now)).toMatchObject({ target: "/mnt", retention: 0, until: "" });
  });
});
