/** Keys of volumes serve volumes alone, and what a certificate of erasure says. */
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { certificateOf, erasureSchema } from "../../agent/ceph/volumes/kinds/erasure.ts";
import { capabilities } from "../../agent/ceph/volumes/kinds/grants.ts";
import type { VolumeRecord } from "../../agent/ceph/volumes/record.ts";
import { keySpecSchema } from "../../agent/hsm/keys/answers.ts";
import { prepare } from "../../agent/hsm/use/prepare.ts";
import type { VolumeKeyFacts } from "../../agent/hsm/volumes/types.ts";
import { coreBed, withKey, withToken } from "../lib/hsm-core.ts";

const at = "2026-01-31T12:00:00.000Z";
const later = "2026-02-08T12:00:00.000Z";
const record: VolumeRecord = {
  ...{ kind: "block", bytes: "4194304", jurisdiction: "UK", class: "hosts-2", worm: false },
  ...{ createdAt: at, createdBy: "operator", state: "removing", deleteAt: later },
  key: { name: "volume-db-0123abcd", wrapped: "AQID", madeAt: at, given: 2 },
  erase: { by: "officer", approvers: ["second"], reason: "the contract ended", at },
};
const volume = { tenant: "acme", name: "db", record };
const version = { version: 1, fingerprint: "a".repeat(64), createdAt: at };
const facts = (destroyedAt: (string | undefined)[]): VolumeKeyFacts => ({
  ...{ key: "volume-db-0123abcd", token: "softhsm/acme", state: "destroyed" },
  versions: destroyedAt.map((time, i) => ({ ...version, version: i + 1, destroyedAt: time })),
});

describe("keys of volumes", () => {
  test("are used for volumes and for nothing else, whoever asks", async () => {
    const bed = await coreBed();
    const token = await withToken(bed, "acme");
    await withKey(bed, token, "volume-db-0123abcd", { algorithm: "AES-256" });
    const allowed = { allowed: true, rule: "test", sentence: "" };
    const parts = {
      ...{ keys: bed.core.store, tokens: bed.core.book },
      jurisdiction: { decide: async () => allowed, require: async () => allowed },
    };
    const wanted = { tenant: "acme", key: "volume-db-0123abcd", purpose: "encrypt" } as const;
    for (const act of ["protect", "process"] as const) {
      await expect(prepare(parts, { ...wanted, act })).rejects.toThrow("opens a volume");
      const found = await prepare(parts, { ...wanted, act, for: "volume" });
      expect(found.record.name).toBe(wanted.key);
    }
  });

  test("are made by nobody", () => {
    const { issues } = v.safeParse(keySpecSchema, { name: "volume-mine", algorithm: "AES-256" });
    expect(issues?.[0].message).toContain("belong to volumes");
  });
});

describe("certificates of erasure", () => {
  test("say what was destroyed when, by whom, and how often its passphrase was given", () => {
    const certificate = certificateOf(volume, "pool/acme.db/db", facts([at, later]));
    expect(v.parse(erasureSchema, certificate)).toEqual(certificate);
    expect(certificate).toMatchObject({
      ...{ tenant: "acme", volume: "db", image: "pool/acme.db/db", bytes: 4194304, given: 2 },
      ...{ requestedBy: "officer", approvedBy: ["second"], requestedAt: at, erasedAt: later },
    });
    expect(certificate.key.versions.map(({ destroyedAt }) => destroyedAt)).toEqual([at, later]);
  });

  test("there is none while a version is left", () => {
    expect(() => certificateOf(volume, "pool/acme.db/db", facts([at, undefined]))).toThrow(
      "is not destroyed",
    );
  });
});

test("capabilities of several kinds are one text, whichever order they came in", () => {
  const disk = { mon: ["allow r"], osd: ["allow rwx pool=b namespace=acme.db"] };
  const file = { mon: ["allow r fsname=fs"], mds: ["allow rw fsname=fs path=/a"] };
  expect(capabilities([disk, file])).toEqual(capabilities([file, disk]));
  expect(capabilities([disk, disk, {}])).toEqual({
    ...{ mon: "allow r", osd: "allow rwx pool=b namespace=acme.db" },
  });
  expect(capabilities([{}, {}])).toEqual({});
});
