/** Clusters that are too old, and in the middle of an upgrade: no such runs here, so a fake helper does. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openCeph } from "../../agent/ceph/link/link.ts";
import { isTried, judgeReleases } from "../../agent/ceph/link/releases.ts";
import type { Ceph } from "../../agent/ceph/link/types.ts";

const text = (version: string) => `ceph version ${version} (0123abcd) somename (stable)`;
/** @param kinds such as { mon: { "18.2.7": 3 } } */
function answer(kinds: Record<string, Record<string, number>>) {
  const long = (counts: Record<string, number>) =>
    Object.fromEntries(Object.entries(counts).map(([version, n]) => [text(version), n]));
  const all = Object.entries(kinds).map(([kind, counts]) => [kind, long(counts)]);
  return { ...Object.fromEntries(all), overall: {} };
}

describe("of releases", () => {
  test.each(["16.2.0", "16.2.15", "17.2.8", "18.2.7", "19.2.3", "20.2.0", "somebody's", ""])(
    "a cluster that runs %s alone can be asked",
    (version) => {
      const versions = answer({ mon: { [version]: 3 }, osd: { [version]: 8 } });
      expect(judgeReleases(version, versions)).toEqual({ old: false, reason: "" });
      expect(judgeReleases(version, undefined)).toEqual({ old: false, reason: "" });
    },
  );

  test.each(["12.2.13", "14.2.22", "15.2.17", "16.1.0", "9.2.1"])("%s is too old", (version) => {
    const expected = {
      old: true,
      reason: `The cluster runs Ceph ${version}, and the agent needs 16.2 or newer; upgrade the cluster, its monitors first.`,
    };
    const versions = answer({ mon: { [version]: 3 }, osd: { [version]: 8 } });
    expect(judgeReleases(version, versions)).toEqual(expected);
    // Before 12.2 monitors do not count versions.
    expect(judgeReleases(version, undefined)).toEqual(expected);
  });

  test("an upgrade that is not over is told, and is too old while anything is", () => {
    const newer = answer({ mon: { "18.2.7": 3 }, osd: { "16.2.15": 2, "18.2.7": 6 } });
    expect(judgeReleases("18.2.7", newer)).toEqual({
      old: false,
      reason:
        "An upgrade to Ceph 18.2.7 is not over: of its daemons, 2 on 16.2.15 are left. Upgrade them too; ceph versions tells when none is left.",
    });
    const older = answer({ mon: { "16.2.15": 3 }, osd: { "15.2.17": 2 }, mds: { "14.2.22": 1 } });
    expect(judgeReleases("16.2.15", older)).toEqual({
      old: true,
      reason:
        "An upgrade to Ceph 16.2.15 is not over: of its daemons, 2 on 15.2.17 and 1 on 14.2.22 are left; the agent needs 16.2 or newer on all. Upgrade them too; ceph versions tells when none is left.",
    });
  });

  test("what has no number is nothing that others are behind of", () => {
    const versions = { ...answer({ mon: { "18.2.7": 3 } }), "rbd-nbd": { unknown: 1 } };
    expect(judgeReleases("18.2.7", versions)).toEqual({ old: false, reason: "" });
  });

  test("those of Debian 12 and 13 were tried, and others are named for what they are", () => {
    const all = ["16.2.15", "17.2.8", "18.1.3", "18.2.7", "19.2.3", "20.2.0", "unknown"];
    expect(all.filter(isTried)).toEqual(["16.2.15", "18.2.7"]);
  });
});

describe("the link to a cluster", () => {
  let directory: string;
  let link: Ceph;
  const conf = () => join(directory, "ceph.conf");
  const runs = (version: string, kinds: Record<string, Record<string, number>>) =>
    writeFileSync(conf(), JSON.stringify({ version: text(version), versions: answer(kinds) }));

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "dsecos-aged-"));
    writeFileSync(join(directory, "keyring"), "");
    runs("14.2.22", { mon: { "14.2.22": 3 }, osd: { "14.2.22": 8 } });
    link = openCeph({
      ...{ config: conf(), user: "client.dsecos", keyring: join(directory, "keyring") },
      program: resolve("test/lib/fake-aged-ceph-helper.py"),
      log: () => {},
    });
  });

  afterEach(async () => {
    await link.close();
    rmSync(directory, { recursive: true, force: true });
  });

  test("that is too old says so, asks it nothing, and takes it up once it is upgraded", async () => {
    const state = (expected: string) =>
      vi.waitFor(() => expect(link.status().state).toBe(expected), { timeout: 30_000 });
    await state("old");
    const { reason, version } = link.status();
    expect(version).toBe("14.2.22");
    expect(reason).toMatch(/^The cluster runs Ceph 14\.2\.22, .* upgrade the cluster/);
    await expect(link.mon("osd stat")).rejects.toMatchObject({
      ...{ code: "Unavailable", message: reason },
    });
    runs("18.2.7", { mon: { "18.2.7": 3 }, osd: { "16.2.15": 8 } });
    await state("ready");
    expect(link.status()).toMatchObject({
      ...{ version: "18.2.7", reason: expect.stringContaining("8 on 16.2.15 are left") },
    });
    expect(await link.mon("osd stat")).toMatchObject({ num_osds: 3 });
  }, 60_000);
});
