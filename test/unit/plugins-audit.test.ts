/** What the audit page finds out by itself, against the agent's own tree; and its addresses. */
import { createHash, randomBytes } from "node:crypto";
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { Shown } from "../../agent/audit/answers.ts";
import { leafHash, nodeHash } from "../../agent/audit/tlog/merkle.ts";
import { inclusionProof, treeRoot } from "../../agent/audit/tlog/proofs.ts";

let inclusion: typeof import("../../plugins/audit/inclusion.ts");
let proving: typeof import("../../plugins/audit/prove.ts");
let view: typeof import("../../plugins/audit/view.ts");
let loading: typeof import("../../plugins/audit/load.ts");

beforeAll(async () => {
  vi.stubGlobal("cockpit", { gettext: (text: string) => text });
  inclusion = await import("../../plugins/audit/inclusion.ts");
  proving = await import("../../plugins/audit/prove.ts");
  view = await import("../../plugins/audit/view.ts");
  loading = await import("../../plugins/audit/load.ts");
});

const bytes = (buffer: Buffer) => Uint8Array.from(buffer);
const leafOf = (entry: Buffer) => leafHash(Buffer.concat([Buffer.alloc(1), entry]));

/** @returns hashes of whole subtrees over the leaves, as the agent's tree asks for them */
function treeOver(leaves: readonly Buffer[]) {
  const hashes = (level: number, index: number): Buffer =>
    level === 0
      ? (leaves[index] as Buffer)
      : nodeHash(hashes(level - 1, 2 * index), hashes(level - 1, 2 * index + 1));
  return hashes;
}

describe("inclusion in the tree", () => {
  const leaves = Array.from({ length: 41 }, (_unused, index) =>
    leafOf(Buffer.from(`entry ${index}`)),
  );

  test.each([1, 2, 3, 7, 8, 21, 32, 41])("is recomputed for every place of %i", async (size) => {
    const hashes = treeOver(leaves);
    const root = treeRoot(hashes, size);
    for (let index = 0; index < size; index++) {
      const proof = inclusionProof(hashes, index, size).map(bytes);
      const found = await inclusion.rootFrom(bytes(leaves[index] as Buffer), index, size, proof);
      expect(inclusion.toHex(found), `${index} of ${size}`).toBe(root.toString("hex"));
    }
  });

  test("does not hold at another place, size or length", async () => {
    const hashes = treeOver(leaves);
    const root = treeRoot(hashes, 21).toString("hex");
    const proof = inclusionProof(hashes, 6, 21).map(bytes);
    const leaf = bytes(leaves[6] as Buffer);
    const from = async (index: number, size: number, steps = proof) =>
      inclusion.toHex(await inclusion.rootFrom(leaf, index, size, steps));
    expect(await from(6, 21)).toBe(root);
    expect(await from(7, 21)).not.toBe(root);
    await expect(from(6, 21, proof.slice(1))).rejects.toThrow("too short");
    await expect(from(6, 21, [...proof, leaf])).rejects.toThrow("too long");
    await expect(from(21, 21)).rejects.toThrow("no index");
  });
});

describe("an event", () => {
  const payload = { action: "tenants.Create", actor: "anna", details: { cpu: [1, null] } };
  const raws = Array.from({ length: 5 }, (_unused, index) => {
    const text = index === 3 ? JSON.stringify(payload) : `{"n":${index}}`;
    return Buffer.concat([Buffer.from(text), randomBytes(16 + 64)]);
  });
  const hashes = treeOver(raws.map(leafOf));
  const raw = raws[3] as Buffer;

  function shown(
    change: { entry?: object; proof?: Partial<Shown["proof"]>; raw?: Buffer } = {},
  ): Shown {
    const root = treeRoot(hashes, 5).toString("base64");
    return {
      entry: { ...payload, sequence: 4, ...change.entry },
      raw: (change.raw ?? raw).toString("base64"),
      hash: createHash("sha3-512").update(raw).digest("hex"),
      neighbours: [],
      proof: {
        index: 3,
        size: 5,
        leaf: leafOf(raw).toString("base64"),
        hashes: inclusionProof(hashes, 3, 5).map((hash) => hash.toString("base64")),
        checkpoint: `dsecos.org/audit/n/00\n5\n${root}\n\n— dsecos.org/audit/n/00 AAAA\n— witness.example BBBB\n`,
        ...change.proof,
      },
      sealed: null,
    } as unknown as Shown;
  }

  test("is proved when its own bytes lead to the signed root", async () => {
    const proof = await proving.prove(shown());
    if (proof.state !== "proved") throw new Error(JSON.stringify(proof));
    expect(proof.checkpoint.signers).toEqual(["dsecos.org/audit/n/00", "witness.example"]);
    expect(proof.checkpoint.size).toBe(5);
  });

  test("waits for the checkpoint that counts it", async () => {
    expect(await proving.prove(shown({ proof: { checkpoint: "" } }))).toEqual({ state: "waiting" });
  });

  const flipped = Buffer.from(raw);
  flipped.writeUInt8(flipped.readUInt8(raw.length - 1) ^ 1, raw.length - 1);
  test.each([
    ["shows another text than its bytes", { entry: { actor: "otto" } }],
    ["shows more than its bytes", { entry: { tenant: "health" } }],
    ["has another number than its place", { entry: { sequence: 5 } }],
    ["has other bytes than its leaf", { raw: flipped }],
    ["has another place in the tree", { entry: { sequence: 3 }, proof: { index: 2 } }],
    ["has a checkpoint of another size", { proof: { size: 6 } }],
    ["has a proof that is none", { proof: { hashes: ["%"] } }],
    ["has a checkpoint that is none", { proof: { checkpoint: "hello" } }],
  ])("is not proved when it %s", async (_name, change) => {
    expect((await proving.prove(shown(change))).state).toBe("wrong");
  });

  test("is not proved when another root is signed", async () => {
    const { proof } = shown();
    const checkpoint = proof.checkpoint.replace(
      /\n5\n.*/,
      `\n5\n${randomBytes(32).toString("base64")}`,
    );
    expect((await proving.prove(shown({ proof: { checkpoint } }))).state).toBe("wrong");
  });

  test("is called not checked where the browser cannot compute", async () => {
    vi.stubGlobal("crypto", {});
    try {
      expect((await proving.prove(shown())).state).toBe("unable");
    } finally {
      vi.unstubAllGlobals();
      vi.stubGlobal("cockpit", { gettext: (text: string) => text });
    }
  });
});

describe("address", () => {
  const at = (options: Record<string, string[]>) => view.readView({ path: [], options });

  test("says what is shown, and what the agent is asked", () => {
    const read = at({ tenant: ["health"], outcome: ["failure"], span: ["hour"], acts: ["yes"] });
    expect(view.isFiltered(read)).toBe(true);
    const now = Date.parse("2026-01-31T12:00:00.000Z");
    expect(view.toConditions(read, now)).toEqual({
      tenant: "health",
      outcome: "failure",
      acts: true,
      from: "2026-01-31T11:00:00.000Z",
    });
  });

  test("may be anything", () => {
    const read = at({
      outcome: ["bliss"],
      source: ["moon"],
      span: ["aeon"],
      from: ["x"],
      rows: ["7"],
    });
    expect(view.isFiltered(read)).toBe(false);
    expect(view.toConditions(read)).toEqual({});
    expect(read.perPage).toBe(100);
  });

  test("never shows more than the person may see", () => {
    expect(loading.toScope("", true)).toEqual({ kind: "all" });
    expect(loading.toScope("all", false)).toEqual({ kind: "own" });
    expect(loading.toScope("own", true)).toEqual({ kind: "own" });
    expect(loading.toScope("tenant:health", false)).toEqual({ kind: "tenant", tenant: "health" });
  });
});
