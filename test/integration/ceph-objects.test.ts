/**
 * Tenants' buckets on a real S3 gateway: what is declared becomes true, quotas hold, and a tenant's key
 * reaches nothing of another's.
 */
import { createHmac } from "node:crypto";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DsecosError } from "../../agent/bus/errors.ts";
import { volumeSpecSchema } from "../../agent/ceph/volumes/answers.ts";
import { noGateways } from "../lib/ceph-cluster.ts";
import { type Client, makeObjectBed, type ObjectBed, officer } from "./ceph-objects-bed.ts";
import { openBed, ready } from "./ceph-volumes-bed.ts";
import { missing } from "./incus-lib.ts";

const none = noGateways || missing;
const mebibyte = 1024 ** 2;
/**
 * Commands of ten that make a bucket, after which the agent ends: a user alone, a bucket without a
 * quota, one whose user can make another.
 */
const brokenAt = [5, 6, 9];
let bed: ObjectBed;
let own: Client;
let other: Client;

beforeAll(async () => {
  if (none !== "") return;
  bed = await makeObjectBed([
    ...["obj-one", "obj-two"],
    ...brokenAt.map((steps) => `obj-broken-${steps}`),
  ]);
}, 180_000);
afterAll(async () => bed?.end(), 60_000);

/** An address with a signature in it, as https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html says, in the older form of version 2. */
function presigned({ accessKey, secretKey }: Client, path: string): string {
  const expires = String(Math.floor(Date.now() / 1000) + 600);
  const signature = createHmac("sha1", secretKey)
    .update(`GET\n\n\n${expires}\n${path}`)
    .digest("base64");
  const query = new URLSearchParams({
    AWSAccessKeyId: accessKey,
    Expires: expires,
    Signature: signature,
  });
  return `${bed.endpoint}${path}?${query}`;
}

describe.skipIf(none !== "")("buckets", () => {
  test("what is declared is made, in a pool of its jurisdiction and class", async () => {
    await bed.create("obj-one", { name: "docs" });
    await bed.create("obj-two", { name: "docs" });
    expect(await bed.row("obj-one", "docs")).toMatchObject({
      ...{ kind: "object", state: "ready", trouble: "", caveat: "", jurisdiction: "UK" },
      ...{ bytes: 16 * mebibyte, used: 0, pool: "dsecos.uk.hosts-3.object" },
    });
    const pools = (await bed.ground.admin.mon("osd pool ls", { detail: "detail" })) as {
      pool_name: string;
      flags_names: string;
    }[];
    const pool = pools.find(({ pool_name }) => pool_name === "dsecos.uk.hosts-3.object");
    expect(pool).toMatchObject({
      size: 3,
      min_size: 2,
      flags_names: expect.stringContaining("nodelete"),
    });
    [own, other] = [await bed.client("obj-one", "docs"), await bed.client("obj-two", "docs")];
    expect(own.accessKey).not.toBe(other.accessKey);
    expect(await own.try({ method: "PUT", bucket: "docs", key: "a b/ü.txt", body: "one" })).toBe(
      "200",
    );
    expect(await other.try({ method: "GET", bucket: "docs", key: "a b/ü.txt" })).toBe(
      "404 NoSuchKey",
    );
    // Nothing changes where all is as declared.
    const before = bed.audit.entries.length;
    await bed.volumes.reconciler.round();
    expect(bed.audit.entries.slice(before)).toEqual([]);
  });

  test("the gateway refuses what goes beyond a quota, and another bucket", async () => {
    const body = "x".repeat(4 * mebibyte);
    const said = [];
    for (let index = 0; index < 6; index += 1) {
      said.push(await own.try({ method: "PUT", bucket: "docs", key: `fill-${index}`, body }));
    }
    expect(said.filter((each) => each === "200").length).toBeLessThanOrEqual(4);
    expect(said.at(-1)).toBe("403 QuotaExceeded");
    expect(await own.try({ method: "PUT", bucket: "more" })).toBe("403 AccessDenied");
    const { handlers, reconciler } = bed.volumes;
    await reconciler.round();
    expect((await bed.row("obj-one", "docs"))?.used).toBeGreaterThan(8 * mebibyte);
    await expect(handlers.ResizeVolume(officer, "obj-one", "docs", "4MiB")).rejects.toThrow(
      /has \d+ bytes in it already/,
    );
    await handlers.ResizeVolume(officer, "obj-one", "docs", "64MiB");
    expect(await own.try({ method: "PUT", bucket: "docs", key: "more", body })).toBe("200");
  });

  test("a tenant's key finds no way into another tenant's bucket", async () => {
    const theirs = "obj_two:docs";
    await other.ask({ method: "PUT", bucket: "docs", key: "secret", body: "theirs" });
    // What its owner lets everybody read stays shut, too.
    for (const headers of [
      { "x-amz-acl": "public-read-write" },
      { "x-amz-grant-read": "id=obj_one$docs" },
    ]) {
      await other.ask({ method: "PUT", bucket: "docs", key: "open", body: "theirs", headers });
    }
    const { text } = await other.ask({ method: "GET", bucket: "docs", query: [["versions", ""]] });
    const version = /<VersionId>([^<]+)/.exec(text)?.[1] ?? "null";
    const policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Principal: "*", Action: "s3:*", Resource: ["arn:aws:s3:::docs/*"] },
      ],
    });
    const at = { bucket: theirs, key: "secret" };
    const ways: Record<string, Promise<string>> = {
      list: own.try({ method: "GET", bucket: theirs }),
      "list two": own.try({ method: "GET", bucket: theirs, query: [["list-type", "2"]] }),
      versions: own.try({ method: "GET", bucket: theirs, query: [["versions", ""]] }),
      uploads: own.try({ method: "GET", bucket: theirs, query: [["uploads", ""]] }),
      head: own.try({ method: "HEAD", ...at }),
      get: own.try({ method: "GET", ...at }),
      "get opened": own.try({ method: "GET", bucket: theirs, key: "open" }),
      "get version": own.try({ method: "GET", ...at, query: [["versionId", version]] }),
      put: own.try({ method: "PUT", ...at, body: "mine" }),
      delete: own.try({ method: "DELETE", ...at }),
      "delete version": own.try({ method: "DELETE", ...at, query: [["versionId", version]] }),
      "delete many": own.try({
        ...{ method: "POST", bucket: theirs, query: [["delete", ""]] },
        body: "<Delete><Object><Key>secret</Key></Object></Delete>",
        headers: { "content-md5": "Yjd0j2NeP9VNFAiT/iKZ7w==" },
      }),
      multipart: own.try({ method: "POST", ...at, query: [["uploads", ""]] }),
      part: own.try({
        method: "PUT",
        ...at,
        query: [
          ["partNumber", "1"],
          ["uploadId", "x"],
        ],
        body: "mine",
      }),
      "copy from": own.try({
        ...{ method: "PUT", bucket: "docs", key: "stolen" },
        headers: { "x-amz-copy-source": `${theirs}/secret` },
      }),
      "copy opened": own.try({
        ...{ method: "PUT", bucket: "docs", key: "stolen" },
        headers: { "x-amz-copy-source": "obj_two%3Adocs/open" },
      }),
      "copy into": own.try({ method: "PUT", ...at, headers: { "x-amz-copy-source": "docs/more" } }),
      "read acl": own.try({ method: "GET", bucket: theirs, query: [["acl", ""]] }),
      "write acl": own.try({
        ...{ method: "PUT", bucket: theirs, query: [["acl", ""]] },
        headers: { "x-amz-acl": "public-read" },
      }),
      "object acl": own.try({
        ...{ method: "PUT", ...at, query: [["acl", ""]] },
        headers: { "x-amz-acl": "public-read" },
      }),
      "read policy": own.try({ method: "GET", bucket: theirs, query: [["policy", ""]] }),
      "write policy": own.try({
        method: "PUT",
        bucket: theirs,
        query: [["policy", ""]],
        body: policy,
      }),
      "remove policy": own.try({ method: "DELETE", bucket: theirs, query: [["policy", ""]] }),
      tagging: own.try({ method: "GET", ...at, query: [["tagging", ""]] }),
      "remove bucket": own.try({ method: "DELETE", bucket: theirs }),
      "take bucket": own.try({ method: "PUT", bucket: theirs }),
      presigned: fetch(presigned(own, "/obj_two:docs/secret")).then(({ status }) => String(status)),
      anonymous: fetch(`${bed.endpoint}/${theirs}/open`).then(({ status }) => String(status)),
      "own policy": own.try({
        method: "PUT",
        bucket: "docs",
        query: [["policy", ""]],
        body: policy,
      }),
      "own policy away": own.try({ method: "DELETE", bucket: "docs", query: [["policy", ""]] }),
      administration: own.try({
        method: "GET",
        bucket: "admin",
        key: "user",
        query: [["uid", "obj_two$docs"]],
      }),
    };
    const said = Object.fromEntries(
      await Promise.all(Object.entries(ways).map(async ([name, way]) => [name, await way])),
    );
    const reached = Object.entries(said).filter(([, result]) => !String(result).startsWith("403"));
    // A multipart upload's part is refused before it is known that there is no such upload, or behind that.
    expect(reached).toEqual([]);
    const signed = await fetch(presigned(other, "/docs/secret"));
    expect([signed.status, await signed.text()]).toEqual([200, "theirs"]);
    expect((await other.ask({ method: "GET", ...at, bucket: "docs" })).text).toBe("theirs");
  });

  test("what somebody changed past the agent is put right or shut, on record", async () => {
    await bed.admin(
      "quota",
      "set",
      "--quota-scope=bucket",
      "--bucket=obj_two/docs",
      "--max-size=-1",
    );
    await bed.admin("bucket", "rm", "--bucket=obj_one/docs", "--purge-objects");
    await bed.volumes.reconciler.round();
    expect(await bed.row("obj-two", "docs")).toMatchObject({ state: "ready", trouble: "" });
    expect((await bed.row("obj-one", "docs"))?.trouble).toContain(
      "is gone with all that was in it",
    );
    const seen = bed.audit.entries.map(({ action, tenant }) => `${action} ${tenant}`);
    expect(seen).toContain("ceph.QuotaSet obj-two");
    expect(seen).toContain("ceph.BucketGone obj-one");
    await bed.ground.cluster.ceph([
      "osd",
      "pool",
      "set",
      "dsecos.uk.hosts-3.object",
      "nodelete",
      "false",
    ]);
    await bed.volumes.reconciler.round();
    expect(bed.audit.entries.map(({ action }) => action)).toContain("ceph.PoolUnguarded");
    // Told once.
    expect(bed.audit.entries.filter(({ action }) => action === "ceph.BucketGone")).toHaveLength(1);
  });

  test("a bucket that waits to be deleted is shut, and goes with its user when its time has come", async () => {
    const { handlers, reconciler } = bed.volumes;
    await handlers.DeleteVolume(officer, "obj-two", "docs", 7);
    expect(await other.try({ method: "GET", bucket: "docs", key: "secret" })).toBe(
      "403 UserSuspended",
    );
    await handlers.RestoreVolume(officer, "obj-two", "docs", "it is needed");
    expect(await other.try({ method: "GET", bucket: "docs", key: "secret" })).toBe("200");
    await handlers.DeleteVolume(officer, "obj-two", "docs", 7);
    bed.clock.now += 8 * 86_400_000;
    await reconciler.round();
    expect(await bed.row("obj-two", "docs")).toBeUndefined();
    expect(await other.try({ method: "GET", bucket: "docs", key: "secret" })).toBe(
      "403 InvalidAccessKeyId",
    );
    expect(JSON.parse(await bed.admin("bucket", "stats"))).toEqual([]);
  });

  test("what broke off at any step of making a bucket is gone on with", async () => {
    const broken = openBed(bed.ground.places, () => "UK");
    await ready(broken.ceph);
    const { json, text } = broken.tool;
    let left = 0;
    const until = <T>(work: (args: readonly string[]) => Promise<T>) => {
      return async (args: readonly string[]) => {
        left -= 1;
        if (left < 0) throw new DsecosError("Unavailable", "The agent was killed.");
        return work(args);
      };
    };
    Object.assign(broken.tool, { json: until(json), text: until(text) });
    for (const steps of brokenAt) {
      left = steps;
      const spec = { kind: "object", size: "16MiB", worm: true, retention: 1, name: "broken" };
      const declared = v.parse(volumeSpecSchema, spec);
      const tenant = `obj-broken-${steps}`;
      const job = await broken.volumes.handlers.CreateVolume(officer, tenant, declared);
      await expect(broken.jobs.done(job)).rejects.toThrow("The agent was killed.");
    }
    await broken.close();
    // No event of Incus tells the other one.
    bed.volumes.stale();
    await bed.volumes.reconciler.round();
    for (const steps of brokenAt) {
      const tenant = `obj-broken-${steps}`;
      expect(await bed.row(tenant, "broken")).toMatchObject({ state: "ready", trouble: "" });
      const client = await bed.client(tenant, "broken");
      expect(await client.try({ method: "PUT", bucket: "another" })).toBe("403 AccessDenied");
      expect(await client.try({ method: "DELETE", bucket: "broken" })).toBe("403 AccessDenied");
      const query = [["object-lock", ""]] as const;
      const lock = await client.ask({ method: "GET", bucket: "broken", query });
      expect(lock.text).toContain("<Mode>COMPLIANCE</Mode><Days>1</Days>");
    }
    const stats = JSON.parse(await bed.admin("bucket", "stats")) as { bucket_quota: unknown }[];
    for (const { bucket_quota } of stats) {
      expect(bucket_quota).toMatchObject({ enabled: true, max_size: 16 * mebibyte });
    }
  }, 240_000);

  test("no secret is on record or in the log", async () => {
    const kept = [JSON.stringify(bed.audit.entries), ...bed.logged];
    kept.push(JSON.stringify([...bed.jobs.records.values()]));
    expect(own.secretKey.length).toBeGreaterThan(30);
    for (const { secretKey } of [own, other]) {
      expect(kept.some((text) => text.includes(secretKey))).toBe(false);
    }
  });
});
