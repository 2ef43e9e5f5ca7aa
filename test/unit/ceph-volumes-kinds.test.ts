/** A kind of volume that cannot be asked holds up the others as little as may be. */
import { describe, expect, test } from "vitest";
import { DsecosError } from "../../agent/bus/errors.ts";
import type { VolumeKindName } from "../../agent/ceph/volumes/kinds/names.ts";
import type { Found, Volume, VolumeKind } from "../../agent/ceph/volumes/kinds/types.ts";
import { Known } from "../../agent/ceph/volumes/known.ts";
import type { VolumeRecord } from "../../agent/ceph/volumes/record.ts";
import { lookAfter, type TenantParts } from "../../agent/ceph/volumes/tenant.ts";

const found: Found = { path: "/a", pool: "p", namespace: "n", quota: 1, used: 0 };

/** A fake kind, which notes what it is asked. */
function fakeKind(kind: VolumeKindName, isAway: boolean, asked: string[]): VolumeKind {
  return {
    ...{ kind, notWorm: "", ownKeys: kind === "object", forget: () => {} },
    async find() {
      if (isAway) throw new DsecosError("Unavailable", `${kind} is away.`);
      return found;
    },
    ...{ caveat: async () => "", settle: async () => found, requireSize: async () => {} },
    async admit(_tenant, opened) {
      asked.push(`${kind} admits ${opened.length}`);
      return { osd: opened.map(() => `allow rw pool=${kind}`) };
    },
    async remove({ name }) {
      asked.push(`${kind} removes ${name}`);
      return true;
    },
    leave: async () => {},
    strays: async () => [],
    access: () => Promise.reject(new Error("nobody asks")),
  };
}

async function look(away: VolumeKindName) {
  const asked: string[] = [];
  const record = (kind: VolumeKindName, state: VolumeRecord["state"]): VolumeRecord => ({
    ...{ kind, bytes: "1", jurisdiction: "UK", class: "hosts-2", worm: false, state },
    ...{ createdAt: "2026-01-31T12:00:00.000Z", createdBy: "operator" },
  });
  const kinds = (["file", "block", "object"] as const).map(
    (kind) => [kind, fakeKind(kind, kind === away, asked)] as const,
  );
  const known = new Known({ log: () => {}, now: Date.now });
  const parts = {
    ...{ known, kinds: Object.fromEntries(kinds), believable: async () => true, now: Date.now },
    book: { change: async () => undefined },
    keys: {
      async allow(_tenant: string, grants: readonly { osd?: readonly string[] }[]) {
        asked.push(`key ${grants.flatMap(({ osd }) => osd ?? []).length}`);
        return false;
      },
    },
    note: async () => {},
    removed: async (_volume: Volume) => {},
  } as unknown as TenantParts;
  const volumes = new Map(
    kinds.flatMap(([kind]) => [
      [kind, record(kind, "active")] as const,
      [`${kind}-old`, record(kind, "removing")] as const,
    ]),
  );
  await lookAfter(parts, "acme", volumes);
  return { asked, trouble: (name: string) => known.of("acme", name)?.trouble };
}

describe("a kind that cannot be asked", () => {
  test("leaves the shared key as it is, and nothing that it opens is removed", async () => {
    const { asked, trouble } = await look("block");
    expect(asked).toEqual(["file admits 1", "object admits 1", "object removes object-old"]);
    expect([trouble("file"), trouble("block")]).toEqual(["", "block is away."]);
  });

  test("with keys of its own leaves the others alone", async () => {
    const { asked, trouble } = await look("object");
    expect(asked).toEqual([
      ...["file admits 1", "block admits 1", "key 2"],
      ...["file removes file-old", "block removes block-old"],
    ]);
    expect(trouble("object")).toBe("object is away.");
  });
});
