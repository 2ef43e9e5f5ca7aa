/**
 * WORM buckets on a real S3 gateway: nobody who speaks S3 ends a hold, what a Ceph administrator can
 * do past S3 is seen, and no volume is deleted that still holds something.
 */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noGateways } from "../lib/ceph-cluster.ts";
import { type Client, makeObjectBed, type ObjectBed, officer } from "./ceph-objects-bed.ts";
import { missing } from "./incus-lib.ts";

const none = noGateways || missing;
const dayMs = 86_400_000;
const days = 30;
const bucket = "ledger";
const pool = "dsecos.uk.hosts-3.object";
let bed: ObjectBed;
let own: Client;
/** A user of the gateway that may all. */
let system: Client;
let version: string;

beforeAll(async () => {
  if (none === "") bed = await makeObjectBed(["worm-one"]);
}, 180_000);
afterAll(async () => bed?.end(), 60_000);

const iso = (daysFromNow: number) => new Date(Date.now() + daysFromNow * dayMs).toISOString();
const retention = (mode: string, untilDays: number) =>
  `<Retention><Mode>${mode}</Mode><RetainUntilDate>${iso(untilDays)}</RetainUntilDate></Retention>`;
const lock = (mode: string, count: number) =>
  `<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>${mode}</Mode><Days>${count}</Days></DefaultRetention></Rule></ObjectLockConfiguration>`;
const bypass = { "x-amz-bypass-governance-retention": "true" };

async function versionOf(key: string): Promise<string> {
  const query = [
    ["versions", ""],
    ["prefix", key],
  ] as const;
  const { text } = await own.ask({ method: "GET", bucket, query });
  return /<Version>.*?<VersionId>([^<]+)/s.exec(text)?.[1] ?? "";
}

async function held(now = bed.clock.now) {
  const before = bed.clock.now;
  bed.clock.now = now;
  const answer = await bed.volumes.retention.handlers.Retention(officer, {
    ...{ tenant: "worm-one", volume: bucket },
  });
  bed.clock.now = before;
  return answer.buckets[0];
}

const alarms = () => bed.audit.entries.filter(({ outcome }) => outcome === "failure");

/** Every way of one who speaks S3, at one object that is held. */
function ways(client: Client, name: string): Record<string, () => Promise<string>> {
  const at = { bucket: name, key: "entry" };
  const body = `<Delete><Object><Key>entry</Key><VersionId>${version}</VersionId></Object></Delete>`;
  const md5 = createHash("md5").update(body).digest("base64");
  const which = [["versionId", version]] as const;
  const held = [["retention", ""], ...which] as const;
  const locks = { method: "PUT", bucket: name, query: [["object-lock", ""]] } as const;
  return {
    "delete version": () => client.try({ method: "DELETE", ...at, query: which }),
    "delete version, bypassing": () =>
      client.try({ method: "DELETE", ...at, query: which, headers: bypass }),
    "delete many": async () => {
      const request = { bucket: name, query: [["delete", ""]] as const, body };
      const headers = { ...bypass, "content-md5": md5 };
      const { text } = await client.ask({ method: "POST", ...request, headers });
      return /<Code>AccessDenied/.test(text) ? "403 AccessDenied" : text;
    },
    shorten: () =>
      client.try({ method: "PUT", ...at, query: held, body: retention("COMPLIANCE", 1) }),
    "shorten, bypassing": () =>
      client.try({
        method: "PUT",
        ...at,
        query: held,
        body: retention("COMPLIANCE", 1),
        headers: bypass,
      }),
    "change mode": () =>
      client.try({
        method: "PUT",
        ...at,
        query: held,
        body: retention("GOVERNANCE", 90),
        headers: bypass,
      }),
    "end versions": () =>
      client.try({
        ...{ method: "PUT", bucket: name, query: [["versioning", ""]] },
        body: "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>",
      }),
    "delete bucket": () => client.try({ method: "DELETE", bucket: name }),
    "remove lock": () => client.try({ ...locks, method: "DELETE" }),
  };
}

/** Ways to what is laid down for new objects, which a user of the gateway with all powers does have. */
function laidDown(client: Client, name: string): Record<string, () => Promise<string>> {
  const locks = { method: "PUT", bucket: name, query: [["object-lock", ""]] } as const;
  return {
    "lock for less": () => client.try({ ...locks, body: lock("COMPLIANCE", 1) }),
    "lock in governance": () => client.try({ ...locks, body: lock("GOVERNANCE", days) }),
    "lock without a rule": () =>
      client.try({
        ...locks,
        body: "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>",
      }),
    "remove policy": () => client.try({ method: "DELETE", bucket: name, query: [["policy", ""]] }),
    expire: () =>
      client.try({
        ...{ method: "PUT", bucket: name, query: [["lifecycle", ""]] },
        body: "<LifecycleConfiguration><Rule><ID>x</ID><Status>Enabled</Status><Prefix></Prefix><NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration></Rule></LifecycleConfiguration>",
      }),
  };
}

async function tried(all: Record<string, () => Promise<string>>): Promise<Record<string, string>> {
  const said: Record<string, string> = {};
  for (const [name, way] of Object.entries(all)) said[name] = await way();
  return said;
}

const reached = (said: Record<string, string>) =>
  Object.entries(said).filter(([, result]) => !/^(403|409)/.test(result));

describe.skipIf(none !== "")("WORM", () => {
  test("a bucket says how long it holds, and its spec must", async () => {
    await expect(bed.create("worm-one", { name: bucket, worm: true })).rejects.toThrow(
      "Say how many days a WORM volume holds",
    );
    await expect(bed.create("worm-one", { name: bucket, retention: 3 })).rejects.toThrow(
      "Only a WORM volume has a retention",
    );
    await bed.create("worm-one", { name: bucket, worm: true, retention: days });
    expect(await bed.row("worm-one", bucket)).toMatchObject({
      ...{ state: "ready", trouble: "", worm: true, retention: days },
    });
    own = await bed.client("worm-one", bucket);
    for (const [key, body] of [
      ["entry", "first"],
      ["entry", "second"],
      ["other", "x"],
    ] as const) {
      expect(await own.try({ method: "PUT", bucket, key, body })).toBe("200");
    }
    version = await versionOf("entry");
  });

  test("nobody who speaks S3 ends a hold: not the owner, not the gateway's administrator", async () => {
    const said = await tried({ ...ways(own, bucket), ...laidDown(own, bucket) });
    expect(Object.keys(said)).toHaveLength(14);
    expect(reached(said)).toEqual([]);
    const { keys } = JSON.parse(
      await bed.admin("user", "create", "--uid=boss", "--display-name=boss", "--system", "--admin"),
    );
    system = bed.clientOf(keys[0].access_key, keys[0].secret_key);
    // 400: some versions do not even read a hold that an administrator of the gateway sends.
    const all = await tried(ways(system, `worm_one:${bucket}`));
    expect(Object.entries(all).filter(([, result]) => !/^(400|403|409)/.test(result))).toEqual([]);
    const which = [["versionId", version]] as const;
    const { headers } = await own.ask({ method: "HEAD", bucket, key: "entry", query: which });
    expect(headers["x-amz-object-lock-mode"]).toBe("COMPLIANCE");
    expect(String(headers["x-amz-object-lock-retain-until-date"]).slice(0, 10)).toBe(
      iso(days).slice(0, 10),
    );
    expect((await own.ask({ method: "GET", bucket, key: "entry" })).text).toBe("second");
    // A deletion without a version hides it alone.
    expect(await own.try({ method: "DELETE", bucket, key: "entry" })).toBe("204");
    const query = [["versionId", version]] as const;
    expect((await own.ask({ method: "GET", bucket, key: "entry", query })).text).toBe("second");
  });

  test("the calendar says what can be deleted when", async () => {
    const longer = { "x-amz-object-lock-mode": "COMPLIANCE" };
    const headers = { ...longer, "x-amz-object-lock-retain-until-date": iso(400) };
    await own.ask({ method: "PUT", bucket, key: "a b&<ü>", body: "12345", headers });
    const governed = { "x-amz-object-lock-mode": "GOVERNANCE" };
    const brief = { ...governed, "x-amz-object-lock-retain-until-date": iso(2) };
    await own.ask({ method: "PUT", bucket, key: "brief", body: "1", headers: brief });
    const found = await held();
    expect(found).toMatchObject({
      ...{ state: "known", error: "", versions: 5, asked: 5, complete: true, lost: 0 },
      until: [
        { period: iso(days).slice(0, 10), objects: 3, bytes: 12 },
        { period: iso(400).slice(0, 7), objects: 1, bytes: 5 },
      ],
      ...{ free: { objects: 0 }, endable: { objects: 1, bytes: 1 }, legal: { objects: 0 } },
    });
    expect(found?.last.slice(0, 10)).toBe(iso(400).slice(0, 10));
  });

  test("a volume that holds something cannot be declared to be deleted", async () => {
    const { handlers } = bed.volumes;
    await expect(handlers.DeleteVolume(officer, "worm-one", bucket, 7)).rejects.toThrow(
      `${bucket} of worm-one holds 4 objects, the last until ${iso(400).slice(0, 10)}`,
    );
    expect(await bed.row("worm-one", bucket)).toMatchObject({ state: "ready" });
    await bed.create("worm-one", { name: "empty", worm: true, retention: days });
    const empty = await bed.client("worm-one", "empty");
    await handlers.DeleteVolume(officer, "worm-one", "empty", 7);
    expect(await empty.try({ method: "PUT", bucket: "empty", key: "x", body: "x" })).toBe(
      "403 UserSuspended",
    );
    bed.clock.now += 8 * dayMs;
    await bed.volumes.reconciler.round();
    bed.clock.now -= 8 * dayMs;
    expect(await bed.row("worm-one", "empty")).toBeUndefined();
  });

  test("what the gateway's administrator changes for new objects is seen and put right", async () => {
    const name = `worm_one:${bucket}`;
    const said = await tried(laidDown(system, name));
    expect(said["lock for less"]).toBe("200");
    await bed.volumes.reconciler.round();
    expect(alarms().map(({ action }) => action)).toContain("ceph.WormChanged");
    expect(await bed.row("worm-one", bucket)).toMatchObject({ state: "ready", trouble: "" });
    const { text } = await own.ask({ method: "GET", bucket, query: [["object-lock", ""]] });
    expect(text).toContain(`<Mode>COMPLIANCE</Mode><Days>${days}</Days>`);
    expect(reached(await tried(laidDown(own, bucket)))).toEqual([]);
  });

  test("what is removed past S3 is on record", async () => {
    const before = await held(bed.clock.now + 120_000);
    expect(before).toMatchObject({ versions: 5, lost: 0 });
    await bed.admin(
      ...["object", "rm", `--bucket=worm_one/${bucket}`, "--object=other"],
      `--object-version=${await versionOf("other")}`,
    );
    expect(await held(bed.clock.now + 240_000)).toMatchObject({ versions: 4 });
    expect(alarms().filter(({ action }) => action === "ceph.WormLost")).toHaveLength(1);
    const deleting = ["osd", "pool", "rm", pool, pool, "--yes-i-really-really-mean-it"];
    await expect(bed.ground.cluster.ceph(deleting)).rejects.toThrow("nodelete");
    await bed.admin("bucket", "rm", `--bucket=worm_one/${bucket}`, "--purge-objects");
    await bed.volumes.reconciler.round();
    expect(alarms().map(({ action }) => action)).toContain("ceph.BucketGone");
    expect((await bed.row("worm-one", bucket))?.trouble).toContain(
      "is gone with all that was in it",
    );
    // It is not made anew behind that, and can be given up.
    expect(JSON.parse(await bed.admin("bucket", "stats"))).toEqual([]);
    await bed.volumes.handlers.DeleteVolume(officer, "worm-one", bucket, 7);
  });
});
